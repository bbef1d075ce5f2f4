"""Closed lists of English words that the person shift rests on."""

from __future__ import annotations

from importlib.resources import files

__all__ = [
    "ADVERBS",
    "AUXILIARIES",
    "COMMON",
    "DETERMINERS",
    "FINITE",
    "INSULTS",
    "INTENSIFIERS",
    "MASS",
    "MISSPELT",
    "MOST_CHARACTERS",
    "NOUNS",
    "NO_SUBJECT",
    "PREPOSITIONS",
    "SUBJECTS",
    "SUBORDINATORS",
    "TOPICS",
    "UNENDED",
    "UNSAID",
]

#: Words that customers write in lower case: a capital at their beginning makes no name of them.
COMMON = frozenset(
    files(__package__).joinpath("common_words.txt").read_text(encoding="utf-8").split()
)

MISSPELT = {
    "im": "I'm",
    "ive": "I've",
    "dont": "don't",
    "doesnt": "doesn't",
    "didnt": "didn't",
    "cant": "can't",
    "couldnt": "couldn't",
    "wont": "won't",
    "wouldnt": "wouldn't",
    "isnt": "isn't",
    "arent": "aren't",
    "wasnt": "wasn't",
    "werent": "weren't",
    "havent": "haven't",
    "hasnt": "hasn't",
    "hadnt": "hadn't",
    "shouldnt": "shouldn't",
    "thats": "that's",
    "theres": "there's",
    "whats": "what's",
    "hes": "he's",
    "shes": "she's",
    "theyre": "they're",
    "youre": "you're",
    "youve": "you've",
    "u": "you",
    "ur": "your",
    "r": "are",
}

#: A longer part of a message is not said back.
MOST_CHARACTERS = 400

#: Swearing without which a sentence stands.
INTENSIFIERS = frozenset(
    """
    fucking fuckin effing freaking frigging bloody damn damned goddamn flipping sodding blasted
    """.split()
)

#: Insults: an agent does not say them of anybody.
INSULTS = frozenset(
    """
    idiot idiots moron morons clown clowns prick pricks arse arsehole arseholes ass asshole assholes
    bastard bastards bitch cunt cunts crook crooks dick dickhead dickheads fool fools jackass jerk
    jerks liar liars loser losers muppet muppets numpty scum scumbag scumbags scammers shithead
    thief thieves tosser twat twats wanker wankers fuck fucked fucks shit shite bullshit crap piss
    pissed bollocks halfwit halfwits imbecile imbeciles incompetent incompetents stupid thick dumb
    pathetic useless donkey donkeys monkeys cowboys robbers criminals parasites vermin trash garbage
    rubbish joke stupidly foolishly idiotically
    """.split()
)

PREPOSITIONS = frozenset(
    """
    to for with from by at of on in about against without like than between behind through under
    over into onto off via per near
    """.split()
)

SUBJECTS = frozenset(
    """
    i we you he she it they this that these those there nobody no-one someone somebody everyone
    everybody anyone something everything nothing none one i'm i've i'd i'll we're we've we'd we'll
    you're you've you'd you'll he's she's it's they're they've they'd they'll that's there's this's
    who what neither both each everyone's nobody's someone's
    """.split()
)

DETERMINERS = frozenset(
    """
    my our your his her their its the a an this that these those no every each some any another all
    both half most many several two three four five six seven eight nine ten
    """.split()
)

ADVERBS = frozenset(
    """
    also just still only never always even now then not already really both ever actually literally
    finally suddenly probably clearly apparently simply again
    """.split()
)

#: Finite verbs: auxiliaries, and the forms that stand in complaints after a noun. Regular pasts are
#: known by their ending.
FINITE = frozenset(
    """
    am is are was were be have has had do does did can could will would shall should may might must
    isn't aren't wasn't weren't haven't hasn't hadn't don't doesn't didn't can't couldn't won't
    wouldn't shouldn't ain't cannot
    went came took got gave said told made kept left lost sent paid put ran sat saw felt found held
    knew let met rang read spoke spent stood thought threw understood won wrote broke brought bought
    built caught chose cut drove fell flew forgot hit hung hurt led lay quit shut sold stole stuck
    swore taught tore woke began became drank ate cost set spread split shook
    goes comes takes gets gives says tells makes keeps leaves loses sends pays puts runs sits sees
    feels finds holds knows lets meets rings reads speaks spends stands thinks throws wins writes
    breaks brings buys catches chooses cuts drives falls flies forgets hits hangs hurts leads shows
    works wants needs looks seems asks calls charges refuses wakes stops starts turns drops freezes
    crashes fails closes opens ends begins costs smells leaks blocks rejects ignores cancels bounces
    happens changes answers arrives appears disappears belongs
    go come take get give say tell make keep leave lose send pay put run sit see feel find hold know
    ring read speak stand think want need look seem ask call work stop show fail refuse crash happen
    """.split()
)

#: What companies deal in: words by which a reply may name what a message is about.
TOPICS = frozenset(
    """
    account app application appointment bag baggage bags bill bills boiler booking bookings
    broadband car card cards claim connection contract debit delivery deliveries deposit discount
    electricity fare fee fees fine flight flights heating holiday insurance internet invoice
    invoices jacket laptop lease loan login luggage meal medicine medication membership meter
    mobile modem mortgage oven order orders parcel parcels package payment payments pension policy
    prescription refund renewal rent repair replacement reservation return room router seat seats
    service shoes sim sofa statement subscription suitcase tariff ticket tickets transfer trip
    upgrade visa voucher vouchers warranty water website wifi
    """.split()
)

#: Words that begin a clause within another.
SUBORDINATORS = frozenset(
    """
    until when because cause cos coz bc since if while that which who after before although though
    where
    """.split()
)

AUXILIARIES = frozenset(
    """
    is are was were has have had isn't aren't wasn't weren't hasn't haven't hadn't can can't cannot
    could couldn't will won't would wouldn't does doesn't did didn't don't should shouldn't must
    """.split()
)

#: Nouns that need no article.
MASS = frozenset(
    """
    service support class staff management baggage luggage internet broadband wifi food parking
    entertainment equipment communication information seating boarding everyone equity heating water
    electricity gas money mail post billing coverage security traffic weather
    """.split()
)

#: Nouns that look like participles.
NOUNS = frozenset(
    """
    thing things something nothing anything everything building booking meeting morning evening
    parking heating ceiling washing clothing wedding seating boarding billing tracking shopping
    training banking string ring king being ending pricing rating listing recording setting
    """.split()
)

#: Words that begin no subject.
NO_SUBJECT = frozenset(
    """
    been never just not still no now why how what when where who which whose whom so very too more
    less most least each lately currently again yet ever only even also at in on by for from with
    without of to as than then there's here please sorry thanks thank hi hello dear yes yeah ok okay
    wow oh well well, if because although though while until unless after before since and or but
    nor whether don't can't won't didn't doesn't isn't bitten stuck sick tired unable rude same
    """.split()
)

#: Words that no sentence ends with: the span was cut short.
UNENDED = frozenset(
    """
    told said asked gave sent am is are was were be been being has have had the a an my our your his
    her their to of with and or for that which who from by at as than because if when until any some
    each every about into so only just also very either neither whether why what how where
    """.split()
)

#: Slang and dialect: in an agent's mouth it would sound like mockery.
UNSAID = frozenset(
    """
    lol lmao rofl omg wtf smh tbh imo idk fyi asap pls plz innit ain't y'all yous youse ye yer yir
    tae wi ma aff oot aboot noo nae naw cannae dinnae wisnae isnae didnae dis-nae wasnae havnae
    gonnae oor wee aye ah ah'm ahm dat dem finna gonna wanna gotta lah leh abeg wan wor nowt summat
    owt sumthin somethin nothin ain wot cuz coz dis dey
    """.split()
)

"""The tiny encoder's configuration and tokenizer, as training reads them."""

import pytest

from heard_training.config import load_config
from heard_training.learn.encoder import load_tokenizer


@pytest.fixture(scope="session")
def config(tiny_config):
    return load_config(tiny_config)


@pytest.fixture(scope="session")
def tokenizer(tiny_encoder, config):
    return load_tokenizer(str(tiny_encoder), config)

// Shows /openapi.json; a file of its own, for the page's policy allows no script inside it.
window.SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger",
  tryItOutEnabled: true,
  displayRequestDuration: true,
  validatorUrl: null,
});

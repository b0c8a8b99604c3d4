"use strict";
const spec = JSON.parse(document.getElementById("document").textContent);
// The paths lie beside this page, whether its address ends with a slash or not.
spec.servers = [{ url: location.href.replace(/\/docs\/?(?:[?#].*)?$/, "") }];
SwaggerUIBundle({
  spec,
  domNode: document.getElementById("docs"),
  deepLinking: true,
  displayRequestDuration: true,
  persistAuthorization: false,
  validatorUrl: null,
});

"use strict";
/* Runs before the first paint: light or dark, as chosen here or as the system has it. */
(function () {
  var dark = matchMedia("(prefers-color-scheme: dark)");
  function chosen() {
    try { return localStorage.getItem("fedcat.theme"); } catch (error) { return null; }
  }
  function apply() {
    var theme = chosen();
    document.documentElement.dataset.theme = theme === "light" || theme === "dark" ? theme : dark.matches ? "dark" : "light";
  }
  dark.addEventListener("change", apply);
  addEventListener("fedcat-theme", apply);
  apply();
})();

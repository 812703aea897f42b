import globals from "globals";
import js from "@eslint/js";

export default [
  {ignores: [".focalist/**", "node_modules/**", "**/static/lib/**"]},
  js.configs.recommended,
  {
    files: ["addons/**/*.js"],
    languageOptions: {
      ecmaVersion: 2022,
      sourceType: "module",
      globals: {...globals.browser, odoo: "readonly", luxon: "readonly"},
    },
    rules: {
      "array-callback-return": "error",
      curly: "error",
      eqeqeq: "error",
      "no-alert": "error",
      "no-console": "error",
      "no-eval": "error",
      "no-shadow": "error",
      "no-throw-literal": "error",
      "no-unused-vars": ["error", {argsIgnorePattern: "^_"}],
      "no-var": "error",
      "prefer-const": "error",
    },
  },
  {
    files: ["addons/*/static/tests/**/*.js"],
    rules: {"no-console": "off"},
  },
];

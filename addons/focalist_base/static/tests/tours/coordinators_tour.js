import {registry} from "@web/core/registry";

const LIST = ".o_field_widget[name='focalist_coordinator_ids']";
const row = (name) => `${LIST} .o_data_row:contains('${name}')`;
const CHECK = "button[name='action_focalist_make_main'] .fa-check.text-success";
const IS_MAIN = ".modal .o_field_widget[name='is_focalist_main_coordinator'] input";

const add = (name, main) => [
  {
    content: `Add ${name}`,
    trigger: `body:not(:has(.modal)) ${LIST} .o_field_x2many_list_row_add a`,
    run: "click",
  },
  {
    trigger: ".modal .o_field_widget[name='name'] input",
    run: `edit ${name}`,
  },
  ...(main ? [{trigger: IS_MAIN, run: "click"}] : []),
  {
    trigger: ".modal .o_form_button_save",
    run: "click",
  },
  {
    trigger: `body:not(:has(.modal)) ${row(name)}`,
  },
];

const save = () => [
  {
    content: "Save the client",
    trigger: ".o_form_button_save",
    run: "click",
  },
  {
    trigger: ".o_form_saved",
  },
];

const isMain = (name, ...others) => [
  {
    content: `${name} has the green check`,
    trigger: `${row(name)} ${CHECK}`,
  },
  ...others.map((other) => ({
    content: `and ${other} has none`,
    trigger: `${row(other)}:not(:has(.fa-check))`,
  })),
];

registry.category("web_tour.tours").add("focalist_base_coordinators", {
  steps: () => [
    {
      content: "Go to the client's coordinators",
      trigger: ".o_notebook .nav-link[name='focalist_coordinators']",
      run: "click",
    },
    ...add("Anna", false),
    ...add("Bob", false),
    ...save(),
    ...isMain("Anna", "Bob"),
    ...add("Carl", true),
    ...save(),
    ...isMain("Carl", "Anna", "Bob"),
    {
      content: "Make another the main one from the list",
      trigger: `${row("Bob")} button[name='action_focalist_make_main']`,
      run: "click",
    },
    ...isMain("Bob", "Anna", "Carl"),
    {
      content: "and from the form",
      trigger: `${row("Anna")} td[name='name']`,
      run: "click",
    },
    {
      trigger: IS_MAIN,
      run: "click",
    },
    {
      trigger: ".modal .o_form_button_save",
      run: "click",
    },
    ...save(),
    ...isMain("Anna", "Bob", "Carl"),
  ],
});

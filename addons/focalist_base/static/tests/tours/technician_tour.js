import {registry} from "@web/core/registry";
import {openDevices} from "./tour_steps";

const openDevice = (serial) => [
  {
    content: `Open ${serial}`,
    trigger: `.o_data_cell[name='serial_number']:contains('${serial}')`,
    run: "click",
  },
];

const choose = (field, text) => [
  {
    content: `Type into ${field}`,
    trigger: `.modal .o_field_widget[name='${field}'] input`,
    run: `edit ${text}`,
  },
  {
    content: `Choose ${text}`,
    trigger: `.ui-autocomplete .dropdown-item:contains('${text}')`,
    run: "click",
  },
];

// Steps of one device are a second apart at least: no person is quicker.
const wait = () => ({
  content: "Take a breath",
  trigger: ".o_form_view",
  run: () => new Promise((resolve) => setTimeout(resolve, 2500)),
});

registry.category("web_tour.tours").add("focalist_base_technician", {
  url: "/odoo",
  steps: () => [
    ...openDevices(),
    ...openDevice("E100"),
    {
      content: "Move it",
      trigger: ".o_statusbar_buttons button:contains('Move')",
      run: "click",
    },
    ...choose("site_id", "Lyon"),
    {
      content: "Say what its display tells",
      trigger: ".modal .o_field_widget[name='meters'] input[data-value='typed']",
      run: "click",
    },
    {
      content: "Type the total",
      trigger: ".modal .o_field_widget[name='line_ids'] .o_data_row td[name='value']",
      run: "click",
    },
    {
      content: "170",
      trigger:
        ".modal .o_field_widget[name='line_ids'] .o_data_row td[name='value'] input",
      run: "edit 170",
    },
    {
      content: "Do it",
      trigger: ".modal button[name='action_apply']:visible",
      run: "click",
    },
    {
      content: "It stands in Lyon",
      trigger:
        ".o_form_view:not(:has(.modal)) .o_field_widget[name='site_id']:contains('Lyon')",
    },
    wait(),
    {
      content: "Swap it",
      trigger: ".o_statusbar_buttons button:contains('Swap')",
      run: "click",
    },
    ...choose("incoming_id", "E200"),
    {
      content: "Do it",
      trigger: ".modal button[name='action_apply']:visible",
      run: "click",
    },
    {
      content: "It is out of service",
      trigger: ".o_arrow_button_current[data-value='retired']",
    },
    {
      content: "Back to the list",
      trigger: ".breadcrumb-item a:contains('Devices')",
      run: "click",
    },
    ...openDevice("E200"),
    {
      content: "The other one stands in Lyon",
      trigger: ".o_field_widget[name='site_id']:contains('Lyon')",
    },
    wait(),
    {
      content: "Take it out of service",
      trigger: ".o_statusbar_buttons button:contains('Take out of service')",
      run: "click",
    },
    {
      content: "Do it",
      trigger: ".modal button[name='action_apply']:visible",
      run: "click",
    },
    {
      content: "It is out of service",
      trigger: ".o_arrow_button_current[data-value='retired']",
    },
  ],
});

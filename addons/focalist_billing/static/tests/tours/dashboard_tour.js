import {openFocalist} from "@focalist_base/../tests/tours/tour_steps";
import {registry} from "@web/core/registry";

/** Open the dashboard from the menu. */
const openDashboard = () => [
  {
    content: "Open the menu Billing",
    trigger: "button[data-menu-xmlid='focalist_billing.focalist_billing_menu']",
    run: "click",
  },
  {
    content: "Open the dashboard",
    trigger:
      ".dropdown-item[data-menu-xmlid='focalist_billing.focalist_billing_dashboard_menu']",
    run: "click",
  },
];

/** Open a tile's list, look at something of it, and come back. */
const look = (tile, count, trigger) => [
  {
    content: `The tile ${tile} counts ${count}`,
    trigger: `[data-tile='${tile}'] .o_focalist_billing_count:contains(/^${count}$/)`,
  },
  {
    content: `Open the list behind ${tile}`,
    trigger: `[data-tile='${tile}']`,
    run: "click",
  },
  {content: `It is the list of ${tile}`, trigger},
  {
    content: "Back to the dashboard",
    trigger: ".o_breadcrumb .o_back_button, .breadcrumb-item a:contains('dashboard')",
    run: "click",
  },
];

registry.category("web_tour.tours").add("focalist_billing_dashboard", {
  url: "/odoo",
  steps: () => [
    ...openFocalist(),
    ...openDashboard(),
    ...look("due", 1, ".o_data_row td[name='partner_id']:contains('Client')"),
    ...look("billed", 1, ".o_data_row td[name='status_in_payment']"),
    ...look("unpaid", 1, ".o_data_row td[name='status_in_payment']"),
    ...look("waiting", 1, ".o_data_row.text-danger td[name='anomaly_count']"),
    {
      content: "The graph of the year is drawn",
      trigger: ".o_focalist_billing_graph canvas",
    },
    {
      content: "See devices month by month",
      trigger: "[data-table='device_id'] button",
      run: "click",
    },
    {
      content: "A device has a row of its own",
      trigger: ".o_pivot th:contains('A001')",
    },
    {
      content: "Back to the dashboard",
      trigger: ".o_breadcrumb .o_back_button, .breadcrumb-item a:contains('dashboard')",
      run: "click",
    },
    {
      content: "Open what is unusual",
      trigger: "[data-tile='anomalies']",
      run: "click",
    },
    {
      content: "Open the statement",
      trigger: ".o_data_row.text-danger td[name='partner_id']",
      run: "click",
    },
    {
      content: "It says what is unusual",
      trigger: "[name='anomaly_ids'] td[name='message']:contains('No reading')",
    },
    {
      content: "Make its invoice all the same",
      trigger: "button[name='action_create_invoice']",
      run: "click",
    },
    {
      content: "The wizard lists it",
      trigger: ".modal [name='anomaly_ids'] td[name='message']:contains('No reading')",
    },
    {
      content: "Say why it is all right",
      trigger: ".modal [name='reason'] input",
      run: "edit It came on the last day",
    },
    {
      content: "Accept and go on",
      trigger: ".modal button[name='action_accept']",
      run: "click",
    },
    {
      content: "The invoice is there",
      trigger: ".o_form_view button[name='action_post']:visible",
    },
  ],
});

import {registry} from "@web/core/registry";
import {openFocalist} from "./tour_steps";

registry.category("web_tour.tours").add("focalist_base_statistics", {
  url: "/odoo",
  steps: () => [
    ...openFocalist(),
    {
      content: "Open a client",
      trigger: ".o_data_row .o_data_cell:contains('Alpha')",
      run: "click",
    },
    {
      content: "Open its statistics",
      trigger: ".o_form_view a[name='focalist_statistics']",
      run: "click",
    },
    {
      content: "The pages of 30 days",
      trigger: ".o_focalist_statistics_figure[data-figure='total']:contains('1,234')",
    },
    {
      content: "The device that printed them",
      trigger: ".o_focalist_statistics_devices td:contains('MP C4503')",
    },
    {
      content: "They are shown by day",
      trigger: "[data-step='day'].active",
    },
    {
      content: "Show them by month",
      trigger: "[data-step='month']",
      run: "click",
    },
    {
      content: "They are",
      trigger: "[data-step='month'].active",
    },
    {
      content: "A year of them",
      trigger: "[data-period='12m']",
      run: "click",
    },
    {
      content: "The same pages, in twelve months",
      trigger:
        ".o_focalist_statistics:has([data-period='12m'].active) [data-figure='total']:contains('1,234')",
    },
    {
      content: "Take them along",
      trigger: "[data-print='xlsx']",
      run: "click",
    },
    {
      content: "The file came: the screen is free again",
      trigger: "body:not(:has(.o_blockUI)) .o_focalist_statistics_chart canvas",
    },
  ],
});

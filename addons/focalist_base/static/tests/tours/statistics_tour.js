import {registry} from "@web/core/registry";
import {openFleet, openFocalist} from "./tour_steps";

/** A row of a table has its pages in mono, in colour and in all. */
const rowOfPages = (table, name, first) =>
  ["1,234", "0", "1,234"].map((pages, number) => ({
    content: `Pages of ${name}, column ${first + number}`,
    trigger: `${table} tr:contains('${name}') td:nth-child(${first + number}):contains('${pages}')`,
  }));

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
      content: "Whose they are, and where that is",
      trigger:
        ".o_focalist_statistics_coordinates:contains('Alpha'):contains('1 rue Haute')",
    },
    {
      content: "The device that printed them",
      trigger: ".o_focalist_statistics_devices td:contains('MP C4503')",
    },
    ...rowOfPages(".o_focalist_statistics_devices", "E100", 4),
    ...rowOfPages(".o_focalist_statistics_sites", "Paris", 2),
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

registry.category("web_tour.tours").add("focalist_base_site_statistics", {
  url: "/odoo",
  steps: () => [
    ...openFleet(),
    {
      content: "Open the sites",
      trigger: ".dropdown-item[data-menu-xmlid='focalist_base.focalist_site_menu']",
      run: "click",
    },
    {
      content: "Statistics, from the row of a site",
      trigger: ".o_data_row:contains('Paris') button[name='action_open_statistics']",
      run: "click",
    },
    {
      content: "They are of this site",
      trigger:
        ".o_focalist_statistics_coordinates:contains('Alpha, Paris'):contains('1 rue Haute')",
    },
    {
      content: "Its pages",
      trigger: ".o_focalist_statistics_figure[data-figure='total']:contains('1,234')",
    },
    {
      content: "Its chart",
      trigger: ".o_focalist_statistics_chart canvas",
    },
    ...rowOfPages(".o_focalist_statistics_devices", "E100", 3),
    {
      content: "Back to the list",
      trigger: ".o_back_button, .breadcrumb-item a:contains('Sites')",
      run: "click",
    },
    {
      content: "Open the other site",
      trigger: ".o_data_row .o_data_cell[name='name']:contains('Lyon')",
      run: "click",
    },
    {
      content: "Its statistics are a tab",
      trigger: ".o_form_view .o_notebook a[name='focalist_statistics']",
      run: "click",
    },
    {
      content: "Nothing was printed there",
      trigger:
        ".o_focalist_statistics:has(.o_focalist_statistics_coordinates:contains('Alpha, Lyon')) .o_focalist_statistics_devices:contains('Nothing was printed')",
    },
  ],
});

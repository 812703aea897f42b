import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("focalist_billing_portal", {
  url: "/my",
  steps: () => [
    {
      content: "Open my invoices",
      trigger: "a[href='/my/invoices?filterby=invoices']:visible",
      run: "click",
      expectUnloadPage: true,
    },
    {
      content: "Open the invoice",
      trigger: ".o_portal_my_doc_table a:contains('INV/')",
      run: "click",
      expectUnloadPage: true,
    },
    {
      content: "Find a device by its serial number",
      trigger: "#focalist_meters td:contains('A001')",
    },
    {
      content: "with its first meter",
      trigger: "#focalist_meters tr:contains('A001') td:contains('1,234,567')",
    },
    {
      content: "and its last one",
      trigger: "#focalist_meters tr:contains('A001') td:contains('1,236,801')",
    },
    {
      content: "No other client's device is there",
      trigger: "#focalist_meters:not(:contains('B001'))",
    },
  ],
});

import {registry} from "@web/core/registry";

/** Follow a link to a file as the browser does, without leaving the page. */
const download = (kind, type) => ({
  content: `Download it as ${kind}`,
  trigger: `a[href$='/${kind}']`,
  async run({anchor}) {
    const answer = await fetch(anchor.href);
    const found = answer.headers.get("Content-Type") || "";
    const file = await answer.blob();
    if (!answer.ok || !found.includes(type) || !file.size) {
      throw new Error(`${anchor.href}: ${answer.status} ${found} ${file.size}`);
    }
  },
});

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
    {
      content: "Open the statement",
      trigger: "#focalist_meters a:contains('Statement')",
      run: "click",
      expectUnloadPage: true,
    },
    download("pdf", "application/pdf"),
    download("xlsx", "spreadsheetml"),
    {
      content: "Look for the device",
      trigger: "input[name='search']",
      run: "edit A001",
    },
    {
      content: "Search",
      trigger: "#focalist_meters button:contains('Search')",
      run: "click",
      expectUnloadPage: true,
    },
    {
      content: "Ask about its line",
      trigger: "#focalist_meters tr:contains('A001') .fa-question-circle-o",
      run: "click",
      expectUnloadPage: true,
    },
    {
      content: "The form names it",
      trigger: "#ask:contains('A001')",
    },
    {
      content: "Dispute it",
      trigger: "#kind_dispute",
      run: "click",
    },
    {
      content: "Say why",
      trigger: "#ask textarea",
      run: "edit It was off all month",
    },
    {
      content: "Send",
      trigger: "#ask button[type='submit']",
      run: "click",
      expectUnloadPage: true,
    },
    {
      content: "The message stands there",
      trigger: ".o_focalist_question:contains('It was off all month')",
    },
  ],
});

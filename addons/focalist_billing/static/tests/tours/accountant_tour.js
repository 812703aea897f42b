import {openFocalist} from "@focalist_base/../tests/tours/tour_steps";
import {registry} from "@web/core/registry";

const POSTED = ".o_arrow_button_current[data-value='posted']";
const NO_DIALOG = "body:not(:has(.modal))";

const openMenu = (name) => [
  {
    content: "Open the menu Billing",
    trigger: "button[data-menu-xmlid='focalist_billing.focalist_billing_menu']",
    run: "click",
  },
  {
    trigger: `.dropdown-item[data-menu-xmlid='focalist_billing.${name}']`,
    run: "click",
  },
];

const click = (content, trigger) => ({content, trigger, run: "click"});

const openContract = () => [
  ...openMenu("focalist_contract_menu"),
  click(
    "Open the contract",
    ".o_list_view .o_data_row:contains('Museum') td[name='name']",
  ),
];

/** Prices of a date on. */
const changePrices = () => [
  ...openContract(),
  click("Change the prices", "button[name='action_change_prices']"),
  {
    content: "from May on",
    trigger:
      ".o_form_view .o_field_widget[name='date_from'] button, .o_field_widget[name='date_from'] input",
    run: "click",
  },
  {
    trigger: ".o_field_widget[name='date_from'] input",
    run: "edit 05/01/2026 && press Enter",
  },
  {
    trigger:
      "body:not(:has(.o_popover)) .o_field_widget[name='date_from'] button:contains('May 1')",
  },
  {
    content: "Twice the price that was agreed, by mistake",
    trigger: ".o_field_widget[name='price_mono'] input",
    run: "edit 0.024 && press Tab",
  },
  click("Save them", ".o_form_button_save:visible"),
  {
    content: "They are a version of their own",
    trigger:
      ".o_form_view:not(:has(.o_form_button_save:visible)) .o_field_widget[name='price_mono']",
  },
];

const makeDrafts = () => [
  ...openMenu("focalist_billing_run_menu"),
  click("A new billing run", ".o_list_button_add"),
  click(
    "Choose the month",
    ".o_field_widget[name='month'] button, .o_field_widget[name='month'] input",
  ),
  {
    content: "Type a day of it",
    trigger: ".o_field_widget[name='month'] input",
    run: "edit 05/15/2026 && press Enter",
  },
  {
    content: "It stands there",
    trigger:
      "body:not(:has(.o_popover)) .o_field_widget[name='month'] button:contains('05/15/2026')",
  },
  click(
    "Its invoices are to be posted",
    ".o_field_widget[name='invoicing'] .o_radio_input[data-value='post']",
  ),
  click("Make the drafts", "button[name='action_start']"),
  {
    content: "They wait for a review",
    trigger: ".o_arrow_button_current[data-value='review']",
  },
];

/** The row that something is unusual in comes first, and leads to it. */
const reviewAnomaly = () => [
  click(
    "Open the review by client",
    "header button[name='action_open_rows'], .o_statusbar_buttons button[name='action_open_rows']",
  ),
  {
    content: "The one to look at is first, with its reason",
    trigger:
      ".o_list_view .o_data_row:first:has(td[name='partner_id']:contains('Museum'))" +
      " td[name='remarks']:contains('3,600 pages in 31 days, where 1,033')",
  },
  {
    content: "beside the period before",
    trigger:
      ".o_data_row:contains('Museum'):has(td[name='amount_untaxed']:contains('86.40'))" +
      " td[name='amount_before']:contains('10.00')",
  },
  {
    content: "The other client is as usual",
    trigger:
      ".o_data_row:contains('Bakery'):not(.text-warning)" +
      " td[name='amount_untaxed']:contains('5.00')",
  },
  click(
    "Open its statement",
    ".o_data_row.text-warning td[name='partner_id']:contains('Museum')",
  ),
  click(
    "Accept what is unusual",
    ".o_form_view [name='anomaly_ids'] .o_data_row button[name='action_accept']",
  ),
  {
    content: "Say why it is all right",
    trigger: ".modal [name='reason'] input",
    run: "edit They printed a catalogue",
  },
  click("Accept it", ".modal button[name='action_accept']:visible"),
  {
    content: "It is kept with the reason",
    trigger: `${NO_DIALOG} [name='anomaly_ids'] td[name='reason']:contains('catalogue')`,
  },
  click(
    "Back to the review",
    ".o_breadcrumb .o_back_button, .breadcrumb-item.o_back_button",
  ),
  {
    content: "Nothing is to be looked at any more",
    trigger: ".o_list_view:not(:has(.text-warning)) .o_data_row:contains('Museum')",
  },
];

const makeInvoices = () => [
  click(
    "Back to the run",
    ".o_breadcrumb .o_back_button, .breadcrumb-item.o_back_button",
  ),
  click("Make the invoices", ".o_form_view button[name='action_invoice']"),
  click("Yes, of all", ".modal .modal-footer .btn-primary"),
  {
    content: "The run is done",
    trigger: `${NO_DIALOG} .o_arrow_button_current[data-value='done']`,
  },
  click("Open its invoices", "button[name='action_open_invoices']"),
  click(
    "Open the client's",
    ".o_list_view .o_data_row:contains('Museum') td[name='name']",
  ),
  {content: "It is posted", trigger: POSTED},
  {
    content: "It says how many pages",
    trigger: "[name='invoice_line_ids'] td[name='quantity']",
  },
];

const send = () => [
  click("Send it", "button[name='action_invoice_sent']:visible"),
  click("by e-mail", ".modal button[name='action_send_and_print']:visible"),
  {
    content: "It was sent",
    trigger: `${NO_DIALOG} .o_form_view .o-mail-Message:contains('Museum')`,
  },
];

const payPart = (amount) => [
  click("Register a payment", "button[name='action_register_payment']:visible"),
  {
    content: "of a part",
    trigger: ".modal .o_field_widget[name='amount'] input",
    run: `edit ${amount} && press Tab`,
  },
  {
    content: "The rest stays due",
    trigger: ".modal .o_field_widget[name='payment_difference_handling']",
  },
  click("Create it", ".modal button[name='action_create_payments']"),
  {
    content: "The invoice lists it",
    trigger: `${NO_DIALOG} .o_field_widget[name='invoice_payments_widget']:contains('${amount}.00')`,
  },
];

const creditIt = () => [
  click(
    "The price was wrong: credit all of it",
    "button[name='action_reverse']:visible",
  ),
  {
    trigger: ".modal .o_field_widget[name='reason'] input",
    run: "edit A wrong price",
  },
  click("Make the credit note", ".modal button[name='refund_moves']"),
  click("Post it", `${NO_DIALOG} .o_form_view button[name='action_post']:visible`),
  {trigger: POSTED},
];

const correctPrice = () => [
  ...openContract(),
  click(
    "Open the newest prices",
    ".o_field_widget[name='pricing_ids'] .o_data_row:first td[name='date_from']",
  ),
  {
    content: "Correct the price",
    trigger: ".modal .o_field_widget[name='price_mono'] input",
    run: "edit 0.012 && press Tab",
  },
  click("Save it", ".modal .o_form_button_save"),
  {
    content: "It is on the contract",
    trigger: `${NO_DIALOG} .o_field_widget[name='pricing_ids'] td[name='price_mono']:contains('0.012')`,
  },
  click("Save the contract", ".o_form_button_save:visible"),
  {
    content: "It is saved",
    trigger: ".o_form_view:not(:has(.o_form_button_save:visible))",
  },
];

/** The statement that was credited is free: it is invoiced anew, without a question. */
const billAnew = () => [
  ...openMenu("focalist_statement_menu"),
  click(
    "Open the free statement",
    ".o_list_view .o_data_row:contains('Museum') td[name='name']",
  ),
  {
    content: "It asks for what was agreed",
    trigger: ".o_form_view .o_field_widget[name='amount_untaxed']:contains('43.20')",
  },
  click("Make the invoice", "button[name='action_create_invoice']"),
  click("Post it", ".o_form_view button[name='action_post']:visible"),
  {trigger: POSTED},
  click(
    "Pay it with what was paid already",
    "[name='invoice_outstanding_credits_debits_widget'] a.outstanding_credit_assign",
  ),
  {
    content: "The rest is due",
    trigger: ".o_field_widget[name='invoice_payments_widget']:contains('30.00')",
  },
  click("See the meters behind it", "button[name='action_open_focalist_statements']"),
  {
    content: "The statement is invoiced",
    trigger: ".o_arrow_button_current[data-value='invoiced']",
  },
];

registry.category("web_tour.tours").add("focalist_billing_accountant", {
  url: "/odoo",
  steps: () => [
    ...openFocalist(),
    ...changePrices(),
    ...makeDrafts(),
    ...reviewAnomaly(),
    ...makeInvoices(),
    ...send(),
    ...payPart("10"),
    ...payPart("20"),
    ...creditIt(),
    ...correctPrice(),
    ...billAnew(),
  ],
});

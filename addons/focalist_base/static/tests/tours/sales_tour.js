import {registry} from "@web/core/registry";
import {openFocalist} from "./tour_steps";

const CLIENT = ".o_data_row:contains('Alpha')";

registry.category("web_tour.tours").add("focalist_base_sales", {
  url: "/odoo",
  steps: () => [
    ...openFocalist(),
    {
      content: "The main site stands under the client's name",
      trigger: `${CLIENT} .o_focalist_main_site:contains('Paris')`,
    },
    {
      content: "Look for a prefix",
      trigger: ".o_searchview_input",
      run: "edit ALP",
    },
    {
      trigger: ".o_searchview_autocomplete .o-dropdown-item:contains('Client')",
      run: "click",
    },
    {
      content: "That client alone is left",
      trigger: ".o_pager_value:contains('1-1')",
    },
    {
      content: "Follow the number to its devices",
      trigger: `${CLIENT} td[name='focalist_device_count'] button`,
      run: "click",
    },
    {
      content: "They are listed",
      trigger: ".o_breadcrumb:contains('Devices')",
    },
    {
      content: "Back to the clients",
      trigger: ".o_back_button",
      run: "click",
    },
    {
      content: "Edit the client from its row",
      trigger: `${CLIENT} button[name='action_open_focalist_client']`,
      run: "click",
    },
    {
      content: "Change its prefix",
      trigger: ".o_field_widget[name='focalist_prefix'] input",
      run: "edit ALPHA",
    },
    {
      content: "Go to its sites",
      trigger: ".o_notebook .nav-link[name='focalist_sites']",
      run: "click",
    },
    {
      content: "Open one",
      trigger: ".o_field_widget[name='focalist_site_ids'] td:contains('Lyon')",
      run: "click",
    },
    {
      content: "Say when it is open",
      trigger: ".modal .o_field_widget[name='opening_hours'] textarea",
      run: "edit Mon-Fri 8:00-12:00",
    },
    {
      content: "Save the site",
      trigger: ".modal .o_form_button_save",
      run: "click",
    },
    {
      content: "Make it the main one",
      trigger:
        "body:not(:has(.modal)) .o_data_row:contains('Lyon') button[name='action_make_main']:has(.fa-star-o)",
      run: "click",
    },
    {
      content: "The other one is it no more",
      trigger:
        ".o_data_row:contains('Paris') button[name='action_make_main']:has(.fa-star-o)",
    },
    {
      content: "Deactivate the client",
      trigger: ".o_notebook .nav-link[name='focalist']",
      run: "click",
    },
    {
      trigger: "button[name='action_focalist_deactivate']",
      run: "click",
    },
    {
      content: "It asks first, and says what happens",
      trigger: ".modal .modal-body:contains('Nothing of this client is polled')",
    },
    {
      trigger: ".modal .modal-footer .btn-primary",
      run: "click",
    },
    {
      content: "It is deactivated: reactivate it",
      trigger: ".alert button[name='action_focalist_reactivate']",
      run: "click",
    },
    {
      content: "It is followed again",
      trigger: "button[name='action_focalist_deactivate']",
    },
    {
      content: "Back to the list",
      trigger: ".o_back_button",
      run: "click",
    },
    {
      content: "All clients",
      trigger: ".o_searchview_facet:contains('ALP') .o_facet_remove",
      run: "click",
    },
    {
      trigger: ".o_data_row:contains('Beta')",
    },
    {
      content: "Open the display options",
      trigger: ".o_cp_action_menus .fa-cog",
      run: "click",
    },
    {
      trigger: ".o_focalist_rows_menu",
      run: "hover && click",
    },
    {
      content: "Twenty rows a page",
      trigger: ".o_menu_item[data-rows='20']",
      run: "click",
    },
    {
      content: "The page is that long",
      trigger: ".o_pager_value:contains('1-20')",
    },
    {
      content: "Leave out a column",
      trigger: ".o_optional_columns_dropdown button",
      run: "click",
    },
    {
      trigger: ".o-dropdown-item:contains('Prefix') input",
      run: "click",
    },
    {
      content: "It is gone",
      trigger: ".o_list_table:not(:has(th[data-name='focalist_prefix']))",
    },
    {
      content: "Go on to the next page",
      trigger: ".o_pager_next",
      run: "click",
    },
    {
      content: "It is there: what was asked before is done",
      trigger: ".o_pager_value:contains('21-27')",
    },
  ],
});

registry.category("web_tour.tours").add("focalist_base_display_options", {
  url: "/odoo/action-focalist_base.focalist_client_action",
  steps: () => [
    {
      content: "The page is as long as it was chosen in another browser",
      trigger: ".o_pager_value:contains('1-20')",
    },
    {
      content: "and the column is left out",
      trigger: ".o_list_table:not(:has(th[data-name='focalist_prefix']))",
    },
    {
      content: "Type another length into the pager",
      trigger: ".o_pager_value",
      run: "click",
    },
    {
      trigger: "input.o_pager_value",
      run: "edit 1-7 && press Enter",
    },
    {
      trigger: ".o_pager_value:contains('1-7')",
    },
  ],
});

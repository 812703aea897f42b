import {registry} from "@web/core/registry";
import {openDevices} from "./tour_steps";

registry.category("web_tour.tours").add("focalist_custom_fields", {
  steps: () => [
    ...openDevices(),
    {
      content: "Open the device",
      trigger: ".o_list_view td[name='serial_number']:contains('E100')",
      run: "click",
    },
    {
      content: "Open its menu",
      trigger: ".o_form_view .o_cp_action_menus button:has(.fa-cog)",
      run: "click",
    },
    {
      content: "Edit the custom fields",
      trigger: ".o-dropdown-item:contains('Edit Properties')",
      run: "click",
    },
    {
      content: "A new field is there: name it",
      trigger: ".o_field_property_definition_header",
      run: "edit Room && press Tab",
    },
    {
      content: "Leave its definition",
      trigger: ".o_form_sheet .oe_title",
      run: "click",
    },
    {
      content: "Fill it in",
      trigger: ".o_property_field:contains('Room') .o_property_field_value input",
      run: "edit Hall 7 && press Tab",
    },
    {
      content: "Save",
      trigger: ".o_form_button_save:visible",
      run: "click",
    },
    {
      content: "It is saved",
      trigger: ".o_form_saved, .o_form_status_indicator_buttons.invisible",
    },
    {
      content: "Back to the list",
      trigger: ".o_back_button, .breadcrumb-item a:contains('Devices')",
      run: "click",
    },
    {
      content: "Look for what was typed",
      trigger: ".o_list_view .o_searchview_input, .o_searchview_input",
      run: "edit Hall 7",
    },
    {
      content: "Unfold the custom fields",
      trigger:
        ".o_searchview_autocomplete .o-dropdown-item:contains('Custom fields') .o_expand",
      run: "click",
    },
    {
      content: "Choose the new one",
      trigger: ".o_searchview_autocomplete .o-dropdown-item:contains('Room')",
      run: "click",
    },
    {
      content: "It is a filter",
      trigger: ".o_searchview_facet:contains('Room')",
    },
    {
      content: "Only that device is left",
      trigger: ".o_list_view:not(:has(td:contains('E200'))) td:contains('E100')",
    },
    {
      content: "Tick it",
      trigger: ".o_list_view tbody .o_list_record_selector input",
      run: "click",
    },
    {
      content: "Open the actions",
      trigger: ".o_cp_action_menus button:has(.fa-cog)",
      run: "click",
    },
    {
      content: "Print its label",
      trigger: ".o-dropdown-item:contains('Print labels')",
      run: "click",
    },
    {
      content: "Go to the field",
      trigger: ".modal .o_data_row:contains('Room') td[name='is_printed']",
      run: "click",
    },
    {
      content: "Choose it",
      trigger: ".modal .o_selected_row:contains('Room') input:enabled",
      run: "check",
    },
    {
      content: "Print",
      trigger: ".modal button[name='action_print']",
      run: "click",
    },
    {
      content: "It is printed",
      trigger: "body:not(:has(.modal))",
    },
  ],
});

import {registry} from "@web/core/registry";

const row =
  ".o_field_widget[name='focalist_notification_device_ids'] tr:contains('Device silent')";

registry.category("web_tour.tours").add("focalist_base_notifications", {
  steps: () => [
    {
      content: "Open the tab Notifications",
      trigger: ".o_notebook a[name='focalist_notifications']",
      run: "click",
    },
    {
      content: "Switch a notification on",
      trigger: `${row} td[name='enabled'] .o_boolean_toggle input`,
      run: "click",
    },
    {
      content: "It is on",
      trigger: `${row} td[name='enabled'] input:checked`,
    },
    {
      content: "Open its e-mail and recipients",
      trigger: `${row} button[name='action_open_rule']`,
      run: "click",
    },
    {
      content: "Daily",
      trigger: ".o_field_widget[name='frequency'] input[data-value='daily']",
      run: "click",
    },
    {
      content: "An e-mail of one's own",
      trigger: ".o_field_widget[name='own_text'] input",
      run: "click",
    },
    {
      content: "It begins as the default",
      trigger: ".o_field_widget[name='subject'] input:value('is silent')",
    },
    {
      content: "Write a subject",
      trigger: ".o_field_widget[name='subject'] input",
      run: "edit Silent: {{ object.serial_number }}",
    },
    {
      content: "Save",
      trigger: ".o_form_button_save:visible",
      run: "click",
    },
    {
      content: "Saved",
      trigger: ".o_form_saved",
    },
  ],
});

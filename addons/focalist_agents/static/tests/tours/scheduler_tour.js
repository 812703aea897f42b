import {registry} from "@web/core/registry";

const row = (action) => `.o_field_widget[name='schedule_ids'] tr:contains('${action}')`;

registry.category("web_tour.tours").add("focalist_agents_scheduler", {
  steps: () => [
    {
      content: "Open the scheduler",
      trigger: ".o_notebook .nav-link:contains('Scheduler')",
      run: "click",
    },
    {
      content: "Switch the alerts off",
      trigger: `${row("Read alerts")} td[name='is_on'] .o_field_widget input`,
      run: "click",
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
      content: "Scan now",
      trigger: `${row("Scan the network")} button[name='action_run_now']`,
      run: "click",
    },
    {
      content: "It waits for the collector",
      trigger: `${row("Scan the network")} td:contains('Waiting')`,
    },
    {
      content: "Its progress comes by itself",
      trigger: `${row("Scan the network")} td:contains('25 %')`,
    },
    {
      content: "And its end: it can be asked for again",
      trigger: `${row("Scan the network")} button[name='action_run_now']`,
    },
  ],
});

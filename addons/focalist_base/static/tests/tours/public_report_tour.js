import {registry} from "@web/core/registry";
import {openFleet} from "./tour_steps";

registry.category("web_tour.tours").add("focalist_public_report", {
  steps: () => [
    {
      content: "The page tells which device it is about",
      trigger: "h1:contains('MP C4503')",
    },
    {
      content: "Report the meters",
      trigger: "label[for='focalist_kind_reading']",
      run: "click",
    },
    {
      content: "Type something wrong",
      trigger: "input[name='meter_total']:visible",
      run: "edit many",
    },
    {
      content: "Send it",
      trigger: ".o_focalist_report button[type='submit']",
      run: "click",
      expectUnloadPage: true,
    },
    {
      content: "It is said what is wrong, and what was typed is still there",
      trigger: ".alert-danger:contains('many')",
    },
    {
      content: "Type the meter",
      trigger: "input[name='meter_total']:visible",
      run: "edit 987 700",
    },
    {
      content: "Send it",
      trigger: ".o_focalist_report button[type='submit']",
      run: "click",
      expectUnloadPage: true,
    },
    {
      content: "It was received",
      trigger: "h1:contains('Thank you')",
    },
  ],
});

registry.category("web_tour.tours").add("focalist_meters_to_check", {
  steps: () => [
    ...openFleet(),
    {
      content: "Open the meters to check",
      trigger:
        ".dropdown-item[data-menu-xmlid='focalist_base.focalist_device_to_check_menu']",
      run: "click",
    },
    {
      content: "What was reported waits there",
      trigger: ".o_list_view td:contains('987700')",
    },
  ],
});

import {stepUtils} from "@web_tour/tour_utils";

export const openFocalist = () => [
  stepUtils.showAppsMenuItem(),
  {
    content: "Open Focalist",
    trigger: ".o_app[data-menu-xmlid='focalist_base.focalist_menu_root']",
    run: "click",
  },
];

export const openFleet = () => [
  ...openFocalist(),
  {
    content: "Open the menu Fleet",
    trigger: "button[data-menu-xmlid='focalist_base.focalist_fleet_menu']",
    run: "click",
  },
];

export const openDevices = () => [
  ...openFleet(),
  {
    content: "Open the devices",
    trigger: ".dropdown-item[data-menu-xmlid='focalist_base.focalist_device_menu']",
    run: "click",
  },
];

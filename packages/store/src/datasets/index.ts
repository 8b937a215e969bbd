export { bikeSharing, bikeSharingColumns } from "./bike-sharing.ts";

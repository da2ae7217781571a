export default {
  title: "Sign in",
  purpose: "Admin panel of this gateway",
  name: "Account",
  nameHint: "Leave empty for the account admin",
  password: "Password",
  signIn: "Sign in",
  shut: "The account admin cannot sign in from here yet",
  shutHint:
    "Its password is still the default, which everybody knows, so it opens nothing to other machines. Set ADMIN_PASSWORD where the gateway is configured and start it again, or run this where it runs:",
  over: "Your session has ended",
  overHint: "Sign in again to continue. What you typed on this page is kept.",
  change: "Set a new password first",
  changeHint:
    "The current one is the default that everybody knows, or was given to you for one use. The panel stays closed until it is changed.",
  current: "Current password",
  new: "New password",
  newHint: "At least 8 characters; a sentence works well",
  again: "Repeat new password",
  differs: "The two do not match",
  save: "Set password",
};

export default {
  title: "Sign in",
  purpose: "Admin panel of this gateway",
  name: "Account",
  nameHint: "Leave empty for the account admin",
  password: "Password",
  signIn: "Sign in",
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

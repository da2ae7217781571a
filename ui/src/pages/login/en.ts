export default {
  title: "Sign in",
  purpose: "To the panel of this gateway",
  name: "Account",
  nameHint: "Empty is the account admin",
  password: "Password",
  signIn: "Sign in",
  shut: "The account admin cannot sign in from here yet",
  shutHint:
    "Its password is still the default, which everybody knows, so it opens nothing to other machines. Set ADMIN_PASSWORD where the gateway is configured and start it again, or run this where it runs:",
  over: "Your session is over",
  overHint: "Sign in again to go on. What you typed on this page is still there.",
  change: "A new password, first",
  changeHint:
    "The present one is the default that everybody knows, or was given to you for once. Until it is changed, the panel stays closed.",
  current: "Present password",
  new: "New password",
  newHint: "At least 8 characters; a sentence is good",
  again: "New password, again",
  differs: "The two are not the same",
  save: "Set password",
};

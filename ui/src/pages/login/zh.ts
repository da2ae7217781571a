import type { Translation } from "../../i18n/types";
import type en from "./en";

const zh: Translation<typeof en> = {
  title: "登录",
  purpose: "此网关的管理面板",
  name: "账户",
  nameHint: "留空即为 admin 账户",
  password: "密码",
  signIn: "登录",
  shut: "admin 账户暂时无法从此处登录",
  shutHint:
    "其密码仍是众所周知的默认密码，因此不对其他机器开放。请在网关的配置中设置 ADMIN_PASSWORD 并重新启动，或在网关所在处运行：",
  over: "登录已过期",
  overHint: "请重新登录后继续。此页上已填写的内容仍然保留。",
  change: "请先设置新密码",
  changeHint: "当前密码是众所周知的默认密码，或是一次性密码。修改密码后才能使用面板。",
  current: "当前密码",
  new: "新密码",
  newHint: "至少 8 个字符，用一句话也可以",
  again: "再次输入新密码",
  differs: "两次输入不一致",
  save: "设置密码",
};

export default zh;

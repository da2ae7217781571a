/* In a program that has glibc within it, and in no other (build.rs). glibc finds hosts by the modules that
 * /etc/nsswitch.conf names, and loads them; those of a system with another glibc than ours end the process. So ours
 * looks in /etc/hosts and asks the servers of /etc/resolv.conf, and reads no further. Before main, as threads come later. */

#include <nss.h>

__attribute__((constructor)) static void find_hosts_alone(void) {
    __nss_configure_lookup("hosts", "files dns");
}

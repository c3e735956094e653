//go:build !darwin && !windows

package keyring

import (
	"fmt"
	"os"
)

const storeRemedy = "start and unlock it, with a desktop session or with gnome-keyring-daemon --unlock"

// unreachable looks for the bus before the library does, which would start one that nobody stops.
func unreachable() string {
	if address := os.Getenv("DBUS_SESSION_BUS_ADDRESS"); address != "" && address != "autolaunch:" {
		return ""
	}
	for _, name := range []string{"bus", "dbus-session"} {
		if _, err := os.Stat(fmt.Sprintf("/run/user/%d/%s", os.Getuid(), name)); err == nil {
			return ""
		}
	}
	return "there is no session bus"
}

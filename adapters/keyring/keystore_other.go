//go:build darwin || windows

package keyring

const storeRemedy = "unlock it, in a session in which the user signed in with a password"

func unreachable() string { return "" }

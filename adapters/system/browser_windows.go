package system

import "github.com/cli/browser"

// shellExecute opens an address with the program that the user has chosen for https:
// a call of Windows, which starts no program of ours and writes nothing.
func shellExecute(address string) error { return browser.OpenURL(address) }

package system_test

import (
	"context"
	"fmt"

	"github.com/seed57855a68/keyport/adapters/system"
)

// Whatever address a server gives out: only web pages are opened.
func ExampleBrowser_Open() {
	err := system.Browser{}.Open(context.Background(), "file:///etc/passwd")
	fmt.Println(err)
	// Output: invalid address: is neither an https page nor one of this machine; pass the authorization URL of an https authority
}

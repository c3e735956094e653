package main

import (
	"context"
	"fmt"
)

func Example() {
	if err := run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// before a restart, the token comes from: identity_provider
	// after it, the token comes from: cache
	// the store holds the app partition of my-app: token set of 1 records
}

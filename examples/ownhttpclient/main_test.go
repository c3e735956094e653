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
	// requests sent for three tokens: 1
	// the server saw X-Department: reports
}

package redirectloopback_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/seed57855a68/keyport/adapters/redirectloopback"
	"github.com/seed57855a68/keyport/domain"
)

// The client does this in AcquireTokenInteractive; a program only chooses the pages.
// Here the browser brings the news that the user said no.
func Example() {
	ctx := context.Background()
	listener := redirectloopback.New(redirectloopback.Options{
		SuccessPage: "<h1>Thank you</h1><p>Go back to the terminal.</p>",
		ErrorPage:   "<h1>That did not work</h1><p>$error_description</p>",
	})
	receiver, err := listener.Listen(ctx, "http://localhost/signed-in")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = receiver.Close() }()

	page := make(chan string)
	go func() { // what the user's browser does
		redirect := receiver.RedirectURI() + "?error=access_denied&state=the-state"
		request, _ := http.NewRequestWithContext(ctx, http.MethodGet, redirect, http.NoBody)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			page <- err.Error()
			return
		}
		defer func() { _ = response.Body.Close() }()
		body, _ := io.ReadAll(response.Body)
		page <- string(body)
	}()

	response, finish, err := receiver.Receive(ctx, "the-state")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("received:", response.Get("error"))
	finish(&domain.OAuthError{Code: "access_denied", Description: domain.NewSecret("The user <ada> said no.")})
	shown, _, _ := strings.Cut(<-page, "<script>")
	fmt.Println("shown:", shown)
	// Output:
	// received: access_denied
	// shown: <h1>That did not work</h1><p>The user &lt;ada&gt; said no.</p>
}

// A URI that cannot be served is found before the user is sent anywhere.
func ExampleRedirectListener_Listen() {
	_, err := new(redirectloopback.RedirectListener).Listen(context.Background(), "https://login.example/callback")
	fmt.Println(err)
	// Output:
	// invalid RedirectURI: does not begin with http://; pass "http://localhost", "http://127.0.0.1" or "http://[::1]", with a port and a path if the registration has them
}

package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/seed57855a68/keyport"
)

// story tells what happens.
type story struct{ out io.Writer }

func (s story) chapter(title string) { s.printf("\n%s\n", title) }

func (s story) say(format string, args ...any) { s.printf("   "+format+"\n", args...) }

func (s story) printf(format string, args ...any) { _, _ = fmt.Fprintf(s.out, format, args...) }

// acquire gets a token and says where it came from.
func (s story) acquire(ctx context.Context, app *keyport.ConfidentialClient, r keyport.ClientCredentialsRequest) error {
	begin := time.Now()
	got, err := app.AcquireTokenForClient(ctx, r)
	if err != nil {
		return err
	}
	s.say("from the %s in %v", place(got), rounded(time.Since(begin)))
	s.say("token %v, a %s token for %v", got.AccessToken, got.TokenType, got.Scopes)
	return nil
}

// repeats is how many cached tokens are timed together: one alone takes less than
// it takes to read the clock twice.
const repeats = 100_000

// repeat gets the same token many times and says what one took.
func (s story) repeat(ctx context.Context, app *keyport.ConfidentialClient, r keyport.ClientCredentialsRequest) error {
	var got keyport.Result
	var err error
	begin := time.Now()
	for range repeats {
		if got, err = app.AcquireTokenForClient(ctx, r); err != nil {
			return err
		}
	}
	s.say("from the %s, %d times: %v each", place(got), repeats, rounded(time.Since(begin)/repeats))
	return nil
}

// place is where a token came from, in words.
func place(r keyport.Result) string {
	if r.Metadata.Source == keyport.SourceCache {
		return "cache"
	}
	return "server"
}

// rounded keeps two or three digits.
func rounded(d time.Duration) time.Duration {
	unit := time.Duration(1)
	for d > 1000*unit {
		unit *= 10
	}
	return d.Round(unit)
}

//go:build e2e

package e2e_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/keyporttest"
)

// MSAL Python's extensions lock the file by one that they create beside it. They look for it four times a
// second, and after ten seconds of finding it there they write without. So each client of
// Keyport rests between updates for four times as long as one takes, or a little less.
func TestNoUpdateIsLostBesideALockedSibling(t *testing.T) {
	const updates = 20 // of each, at least
	d := newDesk(t)
	var python []step
	for i := range updates {
		python = append(python, appStep([]string{d.resource("python", i)}))
	}
	d.signIn(t, d.newKeyport(t), userScopes)

	done := make(chan struct{})
	written := make([][]string, 2) // by each client of Keyport
	var writers sync.WaitGroup
	for w := range written {
		app := d.newKeyport(t)
		writers.Go(func() {
			for i := 0; ; i++ {
				scope, begin := d.resource(fmt.Sprintf("keyport-%d", w), i), time.Now()
				result, err := app.AcquireTokenForClient(t.Context(), keyport.ClientCredentialsRequest{Scopes: []string{scope}})
				if err != nil || result.Metadata.CacheError != nil {
					t.Errorf("%v, %v", err, result.Metadata.CacheError)
				}
				written[w] = append(written[w], scope)
				rest := time.After(min(4*time.Since(begin), 200*time.Millisecond))
				select {
				case <-done:
					if i >= updates {
						return
					}
				case <-rest:
				}
			}
		})
	}
	j := d.job
	j.Locked, j.Steps = true, python
	r := runPython(t, j)
	close(done)
	writers.Wait()

	d.authority.Reset()
	app := d.newKeyport(t)
	for i, s := range python {
		if d.appToken(t, app, s.Scopes) != r.Tokens[i] {
			t.Errorf("the token that MSAL Python got %d-th is lost", i+1)
		}
	}
	for _, list := range written {
		for _, scope := range list {
			d.appToken(t, app, []string{scope})
		}
	}
	for _, r := range d.authority.Requests(keyporttest.EndpointToken) {
		t.Errorf("a token is lost: %s", r.Form.Get("scope"))
	}
}

// resource is the scope of an API that nobody has a token for yet.
func (d *desk) resource(of string, i int) string {
	id := fmt.Sprintf("api://%s-%d", of, i)
	d.authority.AddResource(id)
	return id + "/.default"
}

package keyporttest_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/keyporttest"
)

// TestEverythingAtOnce has many goroutines use every part of one authority; the race
// detector is what judges.
func TestEverythingAtOnce(t *testing.T) {
	a, secret := newAuthority(t, nil)
	l := listen(t, a)
	client := l.Client()
	log := keyporttest.NewLogRecorder()
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 10 {
				id := fmt.Sprintf("client-%d-%d", i, j)
				a.AddApp(keyporttest.App{ClientID: id, Secrets: []string{secret}})
				a.AddTenant(keyporttest.Tenant{ID: "6babcaad-604b-40ac-a9d7-9fd97c0b779f", Domains: []string{id + ".example"}})
				a.AddResource("api://" + id)
				a.AddIssuer("https://" + id + ".example")
				a.AddHost(id + ".example")
				a.SetTokenLifetime(time.Hour, 0)
				a.Script(keyporttest.Rule{ClientID: id, Status: 503, Times: 1})
				form := map[string]string{"client_id": id, "client_secret": secret, "scope": "api://" + id + "/.default"}
				for _, want := range []int{http.StatusServiceUnavailable, http.StatusOK} {
					if got := post(t, a, tokenURL, form); got.status != want {
						t.Errorf("%s: %d %v, want %d", id, got.status, got.body, want)
					}
				}
				get(t, a, instanceURL("1.1", "https://"+id+".example/common"))
				sendBy(t, client, http.MethodGet, l.URL+document, "", nil)
				keyporttest.AssertClean(t, a, "the log", log.Text())
				a.Clock().Advance(time.Second)
				if n := len(a.Requests(keyporttest.EndpointToken)); n < 2*(j+1) {
					t.Errorf("%d requests recorded", n)
				}
				_ = a.Secrets()
			}
		})
	}
	all.Wait()
	if want := noon.Add(80 * time.Second); !a.Clock().Now().Equal(want) {
		t.Errorf("it is %v, want %v", a.Clock().Now(), want)
	}
	if n := len(a.Requests(keyporttest.EndpointToken)); n != 160 {
		t.Errorf("%d token requests, want 160", n)
	}
}

package portstest_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/keyporttest"
	"github.com/seed57855a68/keyport/ports"
	"github.com/seed57855a68/keyport/ports/portstest"
)

// The suites pass what is right. What is right differs: two HTTP clients with
// different ideas of redirects, two clocks.

func TestTokenCacheAcceptsAMap(t *testing.T) {
	portstest.TokenCache(t, func(*testing.T) ports.TokenCache { return newStore() })
}

func TestSharedTokenCacheAcceptsOneMap(t *testing.T) {
	portstest.SharedTokenCache(t, func(*testing.T) (a, b ports.TokenCache) {
		s := newStore()
		return s, s
	})
}

func TestHTTPCacheAcceptsAMap(t *testing.T) {
	portstest.HTTPCache(t, func(*testing.T) ports.HTTPCache { return newDocuments() })
}

func TestHTTPClientAcceptsTheStandardLibrary(t *testing.T) {
	t.Run("following redirects", func(t *testing.T) {
		portstest.HTTPClient(t, func(t *testing.T, roots *x509.CertPool) ports.HTTPClient { return standardClient(t, roots) })
	})
	t.Run("not following redirects", func(t *testing.T) {
		portstest.HTTPClient(t, func(t *testing.T, roots *x509.CertPool) ports.HTTPClient {
			c := standardClient(t, roots)
			c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			return c
		})
	})
}

func TestClockAcceptsRealAndTestTime(t *testing.T) {
	t.Run("real", func(t *testing.T) { clockSuite(t, realClock{}) })
	t.Run("test", func(t *testing.T) {
		portstest.Clock(t, func(*testing.T) (ports.Clock, func(time.Duration)) {
			c := keyporttest.NewClock(time.Now())
			return c, c.Advance
		})
	})
}

func TestLockerAcceptsLeasesInMemory(t *testing.T) {
	portstest.Locker(t, func(*testing.T) ports.Locker { return newLeases() })
}

func TestRedirectListenerAcceptsAServer(t *testing.T) {
	portstest.RedirectListener(t, func(*testing.T) ports.RedirectListener { return listener{} })
}

func standardClient(t *testing.T, roots *x509.CertPool) *http.Client {
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func clockSuite(t *testing.T, c ports.Clock) {
	portstest.Clock(t, func(*testing.T) (ports.Clock, func(time.Duration)) { return c, time.Sleep })
}

// broken is an implementation that breaks a promise, and the subtests that say so.
type broken struct {
	name  string
	suite func(*testing.T)
	fails []string
}

// childEnv makes a process run the broken implementations: those that hang, or the others.
const (
	childEnv = "KEYPORT_PORTSTEST_BROKEN"
	thatEnd  = "that end"
	thatHang = "that hang"
)

// TestSuitesCatch runs the broken implementations in processes of their own, where
// their failures are nobody else's, and checks that the subtests which name the promise
// are among those that failed. There may be more: what loses a record fails everywhere.
func TestSuitesCatch(t *testing.T) {
	if chosen := os.Getenv(childEnv); chosen != "" {
		runBroken(t, chosen == thatHang)
		return
	}
	failed := failedInChild(t, thatEnd, "^TestSuitesCatch$", 2*time.Minute)
	failed = append(failed, hangingFailures(t)...)
	for suite, all := range brokenBySuite {
		for _, b := range all {
			for _, subtest := range b.fails {
				if want := suite + "/" + b.name + "/" + subtest; !slices.Contains(failed, want) && !catchesAlone(t, suite, b.name, subtest) {
					t.Errorf("%s that %s: the subtest %q accepts it", suite, b.name, subtest)
				}
			}
		}
	}
}

// runBroken is what the child does.
func runBroken(t *testing.T, hang bool) {
	for suite, all := range brokenBySuite {
		t.Run(suite, func(t *testing.T) {
			for _, b := range all {
				if slices.Contains(hanging, b.name) == hang {
					t.Run(b.name, func(t *testing.T) {
						t.Parallel()
						b.suite(t)
					})
				}
			}
		})
	}
}

// hangingFailures runs those that hang, each in a process of its own and all at once:
// they only wait. What ends them is the deadline, because the suites give up after half
// of what is left of it. So that it can be near, no other subtests run.
func hangingFailures(t *testing.T) []string {
	var children sync.WaitGroup
	var mu sync.Mutex // guards failed
	var failed []string
	for suite, all := range brokenBySuite {
		for _, b := range all {
			if !slices.Contains(hanging, b.name) {
				continue
			}
			children.Go(func() {
				pattern := fmt.Sprintf("^TestSuitesCatch$/^%s$/^%s$/^(%s)$", suite, b.name, strings.Join(b.fails, "|"))
				f := failedInChild(t, thatHang, pattern, 5*time.Second)
				mu.Lock()
				defer mu.Unlock()
				failed = append(failed, f...)
			})
		}
	}
	children.Wait()
	return failed
}

// hanging lists those that do not return; they are given up soon.
var hanging = []string{
	"keeps its lock when change panics", "holds its lock while it lists", "keeps its lock when the loop is left",
	"ignores contexts", "has one lock for all keys", "ignores the lease", "waits for callers who have left",
	"gives the lock to callers who have left", "needs the context to unlock",
	"reads queries only", "reads forms only", "reads whatever has a query", "takes the first comer", "takes the beginning of a state",
	"ignores letter case", "trims blanks", "forgets what came early", "lets the second wait", "mixes sign-ins up", "tells no port",
	"waits for the user", "opens nothing twice",
}

var brokenBySuite = map[string][]broken{
	"TokenCache":       slices.Concat(brokenRecords, brokenKeys, brokenUpdates, brokenContexts, brokenTogether),
	"SharedTokenCache": brokenShared,
	"HTTPCache":        brokenDocuments,
	"HTTPClient":       brokenHTTPClients,
	"Clock":            brokenClocks,
	"Locker":           brokenLockers,
	"Sealer":           brokenSealers,
	"RedirectListener": brokenRedirectListeners,
	"Browser":          brokenBrowsers,
}

// TestEverySubtestCatchesSomething: a subtest that no broken implementation fails
// may be one that cannot fail.
func TestEverySubtestCatchesSomething(t *testing.T) {
	for suite, subtests := range portstest.Subtests() {
		caught := map[string]bool{}
		for _, b := range brokenBySuite[suite] {
			if len(b.fails) == 0 {
				t.Errorf("%s: %q names no subtest", suite, b.name)
			}
			for _, name := range b.fails {
				caught[name] = true
				if !slices.Contains(subtests, name) {
					t.Errorf("%s: %q names the subtest %q, which does not exist", suite, b.name, name)
				}
			}
		}
		for _, name := range subtests {
			if !caught[name] {
				t.Errorf("%s: no broken implementation fails %q", suite, name)
			}
		}
	}
}

// catchesAlone gives a subtest whose catch is a matter of chance, such as one that
// wants to see a write half done, more chances on a machine with more to do.
func catchesAlone(t *testing.T, suite, name, subtest string) bool {
	chosen := thatEnd
	if slices.Contains(hanging, name) {
		chosen = thatHang
	}
	for range 10 {
		failed, _, _ := runChild(t, chosen, fmt.Sprintf("^TestSuitesCatch$/^%s$/^%s$/^%s$", suite, name, subtest), 20*time.Second)
		if slices.Contains(failed, suite+"/"+name+"/"+subtest) {
			return true
		}
	}
	return false
}

var failLine = regexp.MustCompile(`(?m)^\s*--- FAIL: TestSuitesCatch/(\S+)`)

// failedInChild returns the subtests that fail in a child process.
func failedInChild(t *testing.T, chosen, pattern string, timeout time.Duration) []string {
	failed, out, err := runChild(t, chosen, pattern, timeout)
	if err == nil || len(failed) == 0 {
		t.Errorf("the child that runs %s ends with %v and no failed subtest; the output:\n%.5000s", pattern, err, out)
	}
	return failed
}

func runChild(t *testing.T, chosen, pattern string, timeout time.Duration) (failed []string, out []byte, err error) {
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.count=1", "-test.run="+pattern, "-test.timeout="+timeout.String())
	child.Env = append(os.Environ(), childEnv+"="+chosen)
	out, err = child.CombinedOutput()
	for _, line := range failLine.FindAllStringSubmatch(string(out), -1) {
		failed = append(failed, strings.ReplaceAll(line[1], "_", " "))
	}
	return failed, out, err
}

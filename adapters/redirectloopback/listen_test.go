package redirectloopback_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/adapters/redirectloopback"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

// doors is a machine on which ports are opened, and may be taken or missing.
type doors struct {
	fail func(network, address string) error // may be nil

	mu     sync.Mutex // guards what follows
	opened []string
	open   int
	real   string // where the last one is really open
}

func (d *doors) last() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.real
}

func (d *doors) listen(ctx context.Context, network, address string) (net.Listener, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fail != nil {
		if err := d.fail(network, address); err != nil {
			return nil, &net.OpError{Op: "listen", Net: network, Err: os.NewSyscallError("bind", err)}
		}
	}
	// All on the one address that every machine has.
	_, port, _ := net.SplitHostPort(address)
	l, err := redirectloopback.ListenHere(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	d.open, d.real = d.open+1, l.Addr().String()
	d.opened = append(d.opened, network+" "+strings.TrimSuffix(address, ":"+port))
	return &door{Listener: l, doors: d, port: port}, nil
}

// door pretends to be at the port that was asked for.
type door struct {
	net.Listener
	doors *doors
	port  string
	once  sync.Once
}

func (d *door) Addr() net.Addr {
	if d.port == "0" {
		return d.Listener.Addr()
	}
	return address("x:" + d.port)
}

func (d *door) Close() error {
	d.once.Do(func() {
		d.doors.mu.Lock()
		defer d.doors.mu.Unlock()
		d.doors.open--
	})
	return d.Listener.Close()
}

type address string

func (a address) Network() string { return "tcp" }
func (a address) String() string  { return string(a) }

func TestOnlyLoopbackAddressesAreOpened(t *testing.T) {
	for uri, want := range map[string][]string{
		"":                           {"tcp4 127.0.0.1", "tcp6 [::1]"},
		"http://localhost:8400/path": {"tcp4 127.0.0.1", "tcp6 [::1]"},
		"http://LocalHost":           {"tcp4 127.0.0.1", "tcp6 [::1]"},
		"http://127.0.0.1/path":      {"tcp4 127.0.0.1"},
		"http://[::1]:8400/path":     {"tcp6 [::1]"},
	} {
		t.Run(uri, func(t *testing.T) {
			d := &doors{}
			listen(t, redirectloopback.NewOn(redirectloopback.Options{}, d.listen), uri)
			if diff := cmp.Diff(want, d.opened); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAFamilyThatTheMachineLacks(t *testing.T) {
	for _, missing := range redirectloopback.Absent {
		for _, family := range []string{"tcp4", "tcp6"} {
			t.Run(fmt.Sprint(family, " ", missing), func(t *testing.T) {
				d := &doors{fail: func(network, _ string) error {
					if network == family {
						return missing
					}
					return nil
				}}
				l := redirectloopback.NewOn(redirectloopback.Options{}, d.listen)
				r := listen(t, l, "http://localhost")
				if len(d.opened) != 1 {
					t.Fatalf("opened %q", d.opened)
				}
				if family == "tcp6" {
					complete(t, receive(t.Context(), r), get(t, r.RedirectURI(), answer("good")), "good", nil)
				}
				literal := map[string]string{"tcp4": "http://127.0.0.1", "tcp6": "http://[::1]"}[family]
				_, err := l.Listen(t.Context(), literal)
				wantConfigError(t, err, "does not have", `"http://localhost"`)
			})
		}
	}
}

func TestAFreePortThatIsTakenAtTheOtherAddress(t *testing.T) {
	tries := 0
	taken := func(upTo int) func(network, address string) error {
		return func(network, _ string) error {
			if network == "tcp6" {
				if tries++; tries <= upTo {
					return redirectloopback.Taken[0]
				}
			}
			return nil
		}
	}
	d := &doors{fail: taken(5)}
	r := listen(t, redirectloopback.NewOn(redirectloopback.Options{}, d.listen), "")
	if tries != 6 || d.open != 2 {
		t.Errorf("after %d tries, %d ports are open; want 6 and 2", tries, d.open)
	}
	complete(t, receive(t.Context(), r), get(t, r.RedirectURI(), answer("good")), "good", nil)

	tries, d = 0, &doors{fail: taken(1000)}
	_, err := redirectloopback.NewOn(redirectloopback.Options{}, d.listen).Listen(t.Context(), "")
	wantConfigError(t, err, "no free port", "")
	if d.open != 0 {
		t.Errorf("%d ports are left open", d.open)
	}
}

func TestPortsThatCannotBeOpened(t *testing.T) {
	every := func(err error) func(string, string) error { return func(string, string) error { return err } }
	onlySix := func(err error) func(string, string) error {
		return func(network, _ string) error {
			if network == "tcp6" {
				return err
			}
			return nil
		}
	}
	for _, row := range []struct {
		name, uri       string
		fail            func(string, string) error
		problem, remedy string
	}{
		{"taken", "http://localhost:8400", every(redirectloopback.Taken[0]), "port 8400, which is taken", "leave the port out"},
		{"taken at ::1", "http://localhost:8400", onlySix(redirectloopback.Taken[0]), "port 8400, which is taken", "end the sign-in"},
		{"privileged", "http://localhost:80/callback", every(redirectloopback.Denied[0]), "port 80, which this program may not open", "above 1023"},
		{"forbidden", "http://127.0.0.1:8400", every(fs.ErrPermission), "port 8400, which this program may not open", "leave the port out"},
		{"no port left", "http://127.0.0.1", every(redirectloopback.Taken[0]), "no free port", "name a port"},
	} {
		t.Run(row.name, func(t *testing.T) {
			d := &doors{fail: row.fail}
			_, err := redirectloopback.NewOn(redirectloopback.Options{}, d.listen).Listen(t.Context(), row.uri)
			wantConfigError(t, err, row.problem, row.remedy)
			if d.open != 0 {
				t.Errorf("%d ports are left open", d.open)
			}
		})
	}
	t.Run("too many files", func(t *testing.T) {
		d := &doors{fail: onlySix(syscall.EMFILE)}
		_, err := redirectloopback.NewOn(redirectloopback.Options{}, d.listen).Listen(t.Context(), "")
		var config *domain.ConfigError
		if errors.As(err, &config) || !errors.Is(err, syscall.EMFILE) || d.open != 0 {
			t.Errorf("got %v, with %d ports open", err, d.open)
		}
	})
}

func TestAPortThatIsReallyTaken(t *testing.T) {
	other, err := redirectloopback.ListenHere(t.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	for _, host := range []string{"127.0.0.1", "localhost"} {
		_, port, _ := net.SplitHostPort(other.Addr().String())
		_, err := byDefault().Listen(t.Context(), "http://"+host+":"+port)
		wantConfigError(t, err, "port "+port+", which is taken", "leave the port out")
	}
}

func TestEachAddressThatTheMachineHasIsServed(t *testing.T) {
	served := map[string]string{"tcp4": "127.0.0.1"}
	if hasIPv6(t) {
		served["tcp6"] = "[::1]"
	}
	for network, host := range served {
		t.Run(network, func(t *testing.T) {
			r := listen(t, byDefault(), "http://localhost/callback")
			came := receive(t.Context(), r)
			page := make(chan string, 1)
			conn := dial(t, network, host+":"+portOf(t, r))
			go func() { page <- exchangeWhole(conn, theAnswer(r)) }()
			got := <-came
			if got.err != nil || got.values.Get("code") != "good" {
				t.Fatalf("received %v, %v", got.values, got.err)
			}
			got.finish(nil)
			if p := <-page; !strings.HasPrefix(p, "HTTP/1.1 200 OK\r\n") {
				t.Errorf("the page is %.100q", p)
			}
		})
	}
}

// theAnswer is the good request to a receiver at /callback, as it goes over the wire.
func theAnswer(r ports.RedirectReceiver) []byte {
	return theAnswerTo(hostOf(r))
}

func TestALiteralAddressIsServedAlone(t *testing.T) {
	r, err := byDefault().Listen(t.Context(), "http://[::1]/callback")
	if !hasIPv6(t) {
		wantConfigError(t, err, "names ::1, which this machine does not have", "")
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	complete(t, receive(t.Context(), r), get(t, r.RedirectURI(), answer("good")), "good", nil)
	var d net.Dialer
	if conn, err := d.DialContext(t.Context(), "tcp4", "127.0.0.1:"+portOf(t, r)); err == nil {
		_ = conn.Close()
		t.Error("127.0.0.1 is served for a URI of ::1")
	}
}

// Browsers leave the port of http out of Host.
func TestPort80(t *testing.T) {
	d := &doors{}
	r := listen(t, redirectloopback.NewOn(redirectloopback.Options{}, d.listen), "http://localhost:80/callback")
	for _, host := range []string{"localhost", "localhost:80", "LocalHost", "LOCALHOST:80"} {
		raw := stranger{raw: plain("/callback")}.bytes(host, "", "")
		if got := exchange(dial(t, "tcp", d.last()), raw); !strings.HasPrefix(got, "HTTP/1.1 400 ") {
			t.Errorf("Host %q: the answer is %.100q", host, got)
		}
	}
	wantRefusal(t, exchange(dial(t, "tcp", d.last()), []byte("GET /callback HTTP/1.1\r\nHost: localhost:81\r\n\r\n")), 421)
	if r.RedirectURI() != "http://localhost:80/callback" {
		t.Errorf("the URI is %q", r.RedirectURI())
	}
}

func hasIPv6(t *testing.T) bool {
	t.Helper()
	l, err := redirectloopback.ListenHere(t.Context(), "tcp6", "[::1]:0")
	if err != nil {
		return false
	}
	_ = l.Close()
	return true
}

// No address of the machine but the loopback ones is served.
func TestOtherInterfacesAreNotServed(t *testing.T) {
	r := listen(t, byDefault(), "")
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addresses {
		ip, _, err := net.ParseCIDR(a.String())
		if err != nil || slices.Contains([]string{"127.0.0.1", "::1"}, ip.String()) || ip.IsLinkLocalUnicast() {
			continue
		}
		var d net.Dialer
		if conn, err := d.DialContext(t.Context(), "tcp", net.JoinHostPort(ip.String(), portOf(t, r))); err == nil {
			_ = conn.Close()
			t.Errorf("%s is served", ip)
		}
	}
}

func TestURIsThatCannotBeServed(t *testing.T) {
	for uri, problem := range map[string]string{
		"https://localhost/callback":             "does not begin with http://",
		"com.example.app://callback":             "does not begin with http://",
		"localhost:8400":                         "does not begin with http://",
		"/callback":                              "does not begin with http://",
		"http://login.example/callback":          "not an address of this machine",
		"http://127.0.0.2/":                      "not an address of this machine",
		"http://0.0.0.0/":                        "not an address of this machine",
		"http://[::]/":                           "not an address of this machine",
		"http://[::ffff:127.0.0.1]/":             "not an address of this machine",
		"http://[::1%25lo]/":                     "not an address of this machine",
		"http://localhost.:8400/":                "not an address of this machine",
		"http://2130706433/":                     "not an address of this machine",
		"http:///callback":                       "not an address of this machine",
		"http://localhost@login.example/":        "has a user name",
		"http://user:password@localhost/":        "has a user name",
		"http://localhost/callback?tenant=a":     "has a query",
		"http://localhost/callback?":             "has a query",
		"http://localhost/callback#":             "has a fragment",
		"http://localhost/#/callback":            "has a fragment",
		"http://localhost/a/../callback":         `"." or ".."`,
		"http://localhost/./callback":            `"." or ".."`,
		"http://localhost/%2e%2e/callback":       `"." or ".."`,
		"http://localhost:65536/":                "a port that does not exist",
		"http://localhost:99999999999999999999/": "a port that does not exist",
		"http://localhost:http/":                 "is not a URL",
		"http://local host/":                     "is not a URL",
		"http://localhost/\x7f":                  "is not a URL",
		"http://localhost/%zz":                   "is not a URL",
	} {
		t.Run(uri, func(t *testing.T) {
			r, err := byDefault().Listen(t.Context(), uri)
			if err == nil {
				_ = r.Close()
			}
			wantConfigError(t, err, problem, `"http://localhost"`)
			if strings.Contains(err.Error(), "password") {
				t.Errorf("the error shows a password: %v", err)
			}
		})
	}
}

func TestRedirectURI(t *testing.T) {
	for asked, want := range map[string]string{
		"":                               "http://localhost:PORT",
		"http://localhost":               "http://localhost:PORT",
		"http://localhost:":              "http://localhost:PORT",
		"http://localhost:0":             "http://localhost:PORT",
		"http://localhost/":              "http://localhost:PORT/",
		"http://LOCALHOST:0/Callback":    "http://LOCALHOST:PORT/Callback",
		"http://127.0.0.1/a%2Fb/c%20d/":  "http://127.0.0.1:PORT/a%2Fb/c%20d/",
		"http://localhost/caf%C3%A9//x":  "http://localhost:PORT/caf%C3%A9//x",
		"http://localhost/a;b=c,d@e:f(g": "http://localhost:PORT/a;b=c,d@e:f(g",
	} {
		t.Run(asked, func(t *testing.T) {
			r := listen(t, byDefault(), asked)
			if want := strings.Replace(want, "PORT", portOf(t, r), 1); r.RedirectURI() != want {
				t.Errorf("got %q, want %q", r.RedirectURI(), want)
			}
			complete(t, receive(t.Context(), r), get(t, r.RedirectURI(), answer("good")), "good", nil)
		})
	}
	t.Run("a port that is named", func(t *testing.T) {
		d := &doors{}
		r := listen(t, redirectloopback.NewOn(redirectloopback.Options{}, d.listen), "http://localhost:8400")
		if got := r.RedirectURI(); got != "http://localhost:8400" {
			t.Errorf("got %q", got)
		}
	})
}

func TestListenWithAContextThatHasEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d := &doors{}
	_, err := redirectloopback.NewOn(redirectloopback.Options{}, d.listen).Listen(ctx, "")
	if !errors.Is(err, context.Canceled) || len(d.opened) > 0 {
		t.Errorf("got %v, opened %q", err, d.opened)
	}
}

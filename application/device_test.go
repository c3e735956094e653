package application_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed57855a68/keyport/application"
	"github.com/seed57855a68/keyport/domain"
)

// deviceServer begins a flow as its authorization member says, and answers polls by
// a script; the last line is repeated.
type deviceServer struct {
	*userServer
	authorization string
	script        []string
	begin         time.Time
	polls         []time.Duration // since the flow began
	forms         []url.Values
	mu            sync.Mutex // guards polls and forms
}

const (
	pending  = `{"error":"authorization_pending"}`
	slowDown = `{"error":"slow_down"}`
)

func newDeviceServer(t *testing.T, authorization string, script ...string) *deviceServer {
	if authorization == "" {
		authorization = `"expires_in":900,"interval":5`
	}
	return &deviceServer{userServer: newUserServer(t), authorization: authorization, script: script}
}

// Do implements ports.HTTPClient.
func (s *deviceServer) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forms = append(s.forms, form)
	if strings.HasSuffix(r.URL.Path, "/devicecode") {
		s.begin = time.Now()
		return answers(http.StatusOK, `{"device_code":"hunter2-device-code","user_code":"ABCD-EFGH","verification_uri":"https://login.example/device",`+s.authorization+`}`)(r)
	}
	s.polls = append(s.polls, time.Since(s.begin))
	line := s.script[0]
	if len(s.script) > 1 {
		s.script = s.script[1:]
	}
	status := http.StatusBadRequest
	switch {
	case line == "ok":
		status, line = s.answer(form)
	case line == "reset":
		return nil, errors.New("connection reset")
	case line == "hang":
		<-r.Context().Done()
		return nil, r.Context().Err()
	case strings.HasPrefix(line, "5"):
		status, line = http.StatusServiceUnavailable, "<html>"
	case strings.HasPrefix(line, "429"):
		response, err := answers(http.StatusTooManyRequests, `{"error":"temporarily_unavailable"}`)(r)
		response.Header.Set("Retry-After", strings.TrimPrefix(line, "429 "))
		return response, err
	}
	return answers(status, line)(r)
}

func deviceClient(t *testing.T, s *deviceServer) *application.PublicClient {
	t.Helper()
	c := configOf(s)
	client, err := application.NewPublicClient(application.PublicClientConfig{
		ClientID: c.ClientID, Authority: c.Authority, InsecureSkipIDTokenVerification: true, Ports: c.Ports,
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func initiate(t *testing.T, client *application.PublicClient) domain.DeviceFlow {
	t.Helper()
	flow, err := client.InitiateDeviceFlow(t.Context(), application.DeviceFlowRequest{Scopes: []string{userScope}})
	if err != nil {
		t.Fatal(err)
	}
	return flow
}

// every returns the times from first to last in steps, in seconds.
func every(step, first, last int) []time.Duration {
	var out []time.Duration
	for s := first; s <= last; s += step {
		out = append(out, time.Duration(s)*time.Second)
	}
	return out
}

func at(seconds ...int) []time.Duration {
	out := make([]time.Duration, len(seconds))
	for i, s := range seconds {
		out[i] = time.Duration(s) * time.Second
	}
	return out
}

// TestPollTimesAreExact runs whole flows on the bubble's clock: when each poll is
// sent, to the second, and what the caller gets.
func TestPollTimesAreExact(t *testing.T) {
	denied, expired := `{"error":"access_denied"}`, `{"error":"expired_token"}`
	for _, row := range []struct {
		name          string
		authorization string
		script        []string
		polls         []time.Duration
		want          error
	}{
		{"signed in at once", "", []string{"ok"}, at(5), nil},
		{"pending, then signed in", "", []string{pending, pending, "ok"}, at(5, 10, 15), nil},
		{"an interval of its own", `"expires_in":900,"interval":10`, []string{pending, "ok"}, at(10, 20), nil},
		{"no interval: five seconds", `"expires_in":900`, []string{pending, "ok"}, at(5, 10), nil},
		{"an interval of zero: a second", `"expires_in":900,"interval":0`, []string{pending, "ok"}, at(1, 2), nil},
		{"an interval as text", `"expires_in":"900","interval":"7"`, []string{pending, "ok"}, at(7, 14), nil},
		{"slow_down once is kept", "", []string{slowDown, pending, pending, "ok"}, at(5, 15, 25, 35), nil},
		{"slow_down three times", "", []string{slowDown, slowDown, slowDown, pending, "ok"}, at(5, 15, 30, 50, 70), nil},
		{"pending to the end", `"expires_in":60,"interval":5`, []string{pending}, every(5, 5, 55), domain.ErrInteractionRequired},
		{"the server says expired", "", []string{pending, expired}, at(5, 10), domain.ErrInteractionRequired},
		{"the user says no", "", []string{pending, denied}, at(5, 10), domain.ErrAccessDenied},
		{"the user says no, in Microsoft's words", "", []string{`{"error":"authorization_declined"}`}, at(5), domain.ErrAccessDenied},
		{"an error that nobody knows", "", []string{pending, `{"error":"bad_verification_code"}`}, at(5, 10), errUnlike},
		{"the server fails for a while", "", []string{"503", "503", pending, "ok"}, at(5, 15, 35, 40), nil},
		{"the connection breaks for a while", "", []string{"reset", "reset", "reset", "ok"}, at(5, 15, 35, 75), nil},
		{"back-off has an end", `"expires_in":900,"interval":1`, []string{"503", "503", "503", "503", "503", "503", "ok"}, at(1, 3, 7, 15, 31, 47, 63), nil},
		{"Retry-After is obeyed, and is no slow_down", "", []string{"429 60", pending, "ok"}, at(5, 65, 70), nil},
		{"Retry-After shorter than the back-off", "", []string{"429 1", "ok"}, at(5, 15), nil},
		{"a life that is not told: a quarter of an hour", `"interval":300`, []string{pending}, at(300, 600), domain.ErrInteractionRequired},
		{"a life that is too long: half an hour", `"expires_in":86400,"interval":600`, []string{pending}, at(600, 1200), domain.ErrInteractionRequired},
		{"an interval longer than the life", `"expires_in":60,"interval":90`, []string{"ok"}, nil, domain.ErrInteractionRequired},
		{"a token beside slow_down is none", "", []string{`{"error":"slow_down","access_token":"hunter2"}`, "ok"}, at(5, 15), nil},
		{"a poll that hangs", "", []string{"hang", "ok"}, at(5, 45), nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newDeviceServer(t, row.authorization, row.script...)
				client := deviceClient(t, s)
				got, err := client.AcquireTokenByDeviceFlow(t.Context(), initiate(t, client))
				if !slices.Equal(s.polls, row.polls) {
					t.Errorf("polled at %v, want %v", s.polls, row.polls)
				}
				if last := append(at(0), s.polls...); errors.Is(err, domain.ErrInteractionRequired) && time.Since(s.begin) != last[len(last)-1] {
					t.Errorf("gave up after %v, want as soon as no poll can succeed", time.Since(s.begin))
				}
				switch {
				case errors.Is(row.want, errUnlike):
					if err == nil || errors.Is(err, domain.ErrInteractionRequired) {
						t.Errorf("got %v", err)
					}
				case !errors.Is(err, row.want):
					t.Errorf("got %v, want %v", err, row.want)
				case err == nil && (got.Account.HomeAccountID != homeID || got.Account.Source != domain.SourceDeviceCode):
					t.Errorf("signed in as %v", got.Account)
				}
				if text := fmt.Sprintf("%v %+v", err, got); strings.Contains(text, "hunter2") {
					t.Errorf("the outcome shows a secret")
				}
			})
		})
	}
}

var errUnlike = errors.New("any other error")

func TestTheDeviceRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newDeviceServer(t, "", "ok")
		client := deviceClient(t, s)
		flow := initiate(t, client)
		if !strings.Contains(flow.Message, "https://login.example/device") || !strings.Contains(flow.Message, "ABCD-EFGH") {
			t.Errorf("the message is %q", flow.Message)
		}
		if _, err := client.AcquireTokenByDeviceFlow(t.Context(), flow); err != nil {
			t.Fatal(err)
		}
		first, poll := s.forms[0], s.forms[1]
		if first.Get("scope") != userScope+" offline_access openid profile" || first.Has("client_secret") {
			t.Errorf("initiated with %v", first)
		}
		if poll.Get("device_code") != "hunter2-device-code" || poll.Get("code") != "hunter2-device-code" || poll.Has("scope") ||
			poll.Get("grant_type") != "urn:ietf:params:oauth:grant-type:device_code" {
			t.Errorf("polled with %v", poll)
		}
		if _, err := client.AcquireTokenSilent(t.Context(), application.SilentRequest{
			Account: domain.Account{HomeAccountID: homeID}, Scopes: []string{userScope},
		}); err != nil {
			t.Errorf("afterwards the token is in the cache: %v", err)
		}
	})
}

func TestTwoWhoWaitForOneFlowShareItsPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newDeviceServer(t, "", pending, pending, "ok")
		client := deviceClient(t, s)
		flow := initiate(t, client)
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				if _, err := client.AcquireTokenByDeviceFlow(t.Context(), flow); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if !slices.Equal(s.polls, at(5, 10, 15)) {
			t.Errorf("polled at %v", s.polls)
		}
	})
}

func TestWhoGivesUpStopsThePollingAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newDeviceServer(t, "", pending)
		client := deviceClient(t, s)
		flow := initiate(t, client)
		begin := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 12*time.Second)
		defer cancel()
		if _, err := client.AcquireTokenByDeviceFlow(ctx, flow); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the caller's deadline", err)
		}
		if err := client.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if took := time.Since(begin); took != 12*time.Second || len(s.polls) != 2 {
			t.Errorf("stopped after %v and %d polls", took, len(s.polls))
		}
	})
}

// TestATokenThatComesWhenAllHaveGoneIsStored: the server gives it out once.
func TestATokenThatComesWhenAllHaveGoneIsStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newDeviceServer(t, "", "ok")
		slow := slowClient{s, 2 * time.Second}
		c := configOf(slow)
		client, err := application.NewPublicClient(application.PublicClientConfig{
			ClientID: c.ClientID, Authority: c.Authority, InsecureSkipIDTokenVerification: true, Ports: c.Ports,
		})
		if err != nil {
			t.Fatal(err)
		}
		flow := initiate(t, client)
		ctx, cancel := context.WithTimeout(t.Context(), 6*time.Second) // within the first poll
		defer cancel()
		if _, err := client.AcquireTokenByDeviceFlow(ctx, flow); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("got %v", err)
		}
		pass(5 * time.Second)
		accounts, err := client.Accounts(t.Context(), application.AccountFilter{})
		if err != nil || len(accounts) != 1 {
			t.Errorf("%d accounts, %v; want the one that nobody waited for", len(accounts), err)
		}
	})
}

// slowClient takes a while.
type slowClient struct {
	next  *deviceServer
	takes time.Duration
}

// Do implements ports.HTTPClient.
func (c slowClient) Do(r *http.Request) (*http.Response, error) {
	select {
	case <-time.After(c.takes):
		return c.next.Do(r)
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

func TestAFlowGoesOnInAnotherProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newDeviceServer(t, "", pending, slowDown, "ok")
		client := deviceClient(t, s)
		flow := initiate(t, client)
		polls := 0
		for {
			_, next, err := client.PollDeviceFlow(t.Context(), flow)
			if err == nil {
				break
			}
			if !errors.Is(err, domain.ErrAuthorizationPending) {
				t.Fatal(err)
			}
			if polls++; polls > 20 {
				t.Fatal("it never ends")
			}
			text, err := json.Marshal(next) // to the next process
			if err != nil {
				t.Fatal(err)
			}
			flow = domain.DeviceFlow{}
			if err := json.Unmarshal(text, &flow); err != nil {
				t.Fatal(err)
			}
			pass(2 * time.Second) // more often than is allowed
		}
		if !slices.Equal(s.polls, at(6, 12, 22)) {
			t.Errorf("polled at %v, want never early", s.polls)
		}
	})
}

func TestADeviceFlowRefusesWhatCannotBe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := deviceClient(t, newDeviceServer(t, "", "ok"))
		_, err := client.AcquireTokenByDeviceFlow(t.Context(), domain.DeviceFlow{})
		wantConfigError(t, err, "DeviceFlow")
		flow := initiate(t, client)
		flow.ClientID = "another"
		_, err = client.AcquireTokenByDeviceFlow(t.Context(), flow)
		wantConfigError(t, err, "DeviceFlow")
		for _, bad := range []string{
			`"expires_in":0`, `"expires_in":-1`, `"expires_in":"soon"`, `"interval":-5`, `"verification_uri":"http://login.example/device"`,
			`"verification_uri":"javascript:alert(1)"`, `"user_code":"\u001b[2J"`, `"user_code":""`, `"device_code":7`,
		} {
			c := configOf(rawDevice(bad))
			client, err := application.NewPublicClient(application.PublicClientConfig{ClientID: c.ClientID, Authority: c.Authority, Ports: c.Ports})
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.InitiateDeviceFlow(t.Context(), application.DeviceFlowRequest{})
			var response *domain.ResponseError
			if !errors.As(err, &response) || response.Field == "" {
				t.Errorf("%s: got %v, want a ResponseError that names the member", bad, err)
			}
		}
	})
}

// rawDevice answers a device authorization with one member changed.
type rawDevice string

// Do implements ports.HTTPClient.
func (changed rawDevice) Do(r *http.Request) (*http.Response, error) {
	members := map[string]json.RawMessage{
		"device_code": []byte(`"c"`), "user_code": []byte(`"U"`), "verification_uri": []byte(`"https://login.example/device"`),
	}
	var change map[string]json.RawMessage
	if err := json.Unmarshal([]byte("{"+string(changed)+"}"), &change); err != nil {
		return nil, err
	}
	for name, v := range change {
		members[name] = v
	}
	text, err := json.Marshal(members)
	if err != nil {
		return nil, err
	}
	return answers(http.StatusOK, string(text))(r)
}

package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/keyporttest"
	"github.com/seed57855a68/keyport/ports"
)

// robotMode says how the program plays the user; "" for not at all.
type robotMode string

const (
	robotYes  robotMode = "yes"
	robotNo   robotMode = "no"
	robotAway robotMode = "away"
)

// String implements [flag.Value].
func (m *robotMode) String() string { return string(*m) }

// IsBoolFlag lets "-robot" stand for "-robot=yes".
func (m *robotMode) IsBoolFlag() bool { return true }

// Set implements [flag.Value].
func (m *robotMode) Set(text string) error {
	if text == "true" {
		text = string(robotYes)
	}
	switch *m = robotMode(text); *m {
	case robotYes, robotNo, robotAway:
		return nil
	}
	return errors.New("it is yes, no or away")
}

var _ ports.Browser = (*robot)(nil)

// robot is the user and the browser, for a demonstration that needs neither.
type robot struct {
	ctx     context.Context // of the program, whose user it is
	browser *keyporttest.Browser
	mode    robotMode

	visits sync.WaitGroup
	failed error // of the last visit, after which it is read
}

func (r *robot) signIn() keyporttest.SignIn { return keyporttest.SignIn{Deny: r.mode == robotNo} }

// Open implements [ports.Browser]: as a browser does, it returns before the user has
// signed in.
func (r *robot) Open(_ context.Context, address string) error {
	if r.mode != robotAway {
		r.visits.Go(func() { r.failed = r.visit(address) })
	}
	return nil
}

// visit signs in, and brings the answer to the program as the authorization request
// wants it.
func (r *robot) visit(address string) error {
	sent, err := url.Parse(address)
	if err != nil {
		return err
	}
	answer, err := r.browser.SignIn(address, r.signIn())
	if err != nil {
		return err
	}
	asked := sent.Query()
	method, to, body := http.MethodGet, asked.Get("redirect_uri")+"?"+answer.Encode(), ""
	if asked.Get("response_mode") == string(keyport.ResponseModeFormPost) {
		method, to, body = http.MethodPost, asked.Get("redirect_uri"), answer.Encode()
	}
	request, err := http.NewRequestWithContext(r.ctx, method, to, strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	return response.Body.Close()
}

// enter enters the code that the program shows.
func (r *robot) enter(f keyport.DeviceFlow) {
	if r.mode != robotAway {
		r.failed = r.browser.EnterCode(f.VerificationURI, f.UserCode, r.signIn())
	}
}

// leave waits until the browser has shown its last page.
func (r *robot) leave(say func(format string, values ...any)) {
	r.visits.Wait()
	if r.failed != nil {
		say("the robot failed: %v", r.failed)
	}
}

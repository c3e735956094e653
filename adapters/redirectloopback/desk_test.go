package redirectloopback_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/seed57855a68/keyport/adapters/redirectloopback"
)

const (
	waits = 0
	stray = http.StatusBadRequest
	over  = http.StatusGone
)

func wantStatus(t *testing.T, what string, status func() int, want int) {
	t.Helper()
	if got := status(); got != want {
		t.Errorf("%s: answered with %d, want %d", what, got, want)
	}
}

func TestAnAnswerThatIsWaitedFor(t *testing.T) {
	var d redirectloopback.Desk
	code, leave := d.Wait(state)
	wantStatus(t, "a stranger", d.Hand("foreign", ""), stray)
	if got := code(); got != "" {
		t.Fatalf("received %q", got)
	}
	good := d.Hand(state, "good")
	wantStatus(t, "the answer", good, waits)
	wantStatus(t, "the answer again", d.Hand(state, "again"), over)
	wantStatus(t, "a stranger who is late", d.Hand("foreign", ""), over)
	if leave() {
		t.Error("the wait was given up after the answer had come")
	}
	if got := code(); got != "good" {
		t.Errorf("received %q, want the first", got)
	}
}

func TestAnswersThatComeEarly(t *testing.T) {
	var d redirectloopback.Desk
	before, good, again, after := d.Hand("foreign", ""), d.Hand(state, "good"), d.Hand(state, "again"), d.Hand("foreign", "")
	for _, status := range []func() int{before, good, again, after} {
		wantStatus(t, "before Receive", status, waits)
	}
	code, _ := d.Wait(state)
	if got := code(); got != "good" {
		t.Errorf("received %q, want the first with the state", got)
	}
	wantStatus(t, "who came before", before, stray)
	wantStatus(t, "the answer", good, waits)
	wantStatus(t, "the answer again", again, over)
	wantStatus(t, "who came after", after, over)
}

func TestEarlyAnswersAreBounded(t *testing.T) {
	for _, row := range []struct {
		after   int // strangers
		want    string
		answers int
	}{
		{redirectloopback.MaxEarly - 1, "good", waits},
		{redirectloopback.MaxEarly, "", stray},
	} {
		t.Run(fmt.Sprint(row.after, " after it"), func(t *testing.T) {
			var d redirectloopback.Desk
			var before []func() int
			for range 5 * redirectloopback.MaxEarly {
				before = append(before, d.Hand("foreign", ""))
			}
			good := d.Hand(state, "good")
			for range row.after {
				d.Hand("foreign", "")
			}
			wantStatus(t, "the answer", good, row.answers)
			wantStatus(t, "the oldest", before[0], stray)
			if code, _ := d.Wait(state); code() != row.want {
				t.Errorf("received something else than %q", row.want)
			}
		})
	}
}

func TestAWaitThatIsGivenUp(t *testing.T) {
	var d redirectloopback.Desk
	stranger := d.Hand("foreign", "")
	_, leave := d.Wait("the first state")
	if !leave() {
		t.Fatal("the wait could not be given up")
	}
	defer wantStatus(t, "a stranger, who is answered once", stranger, stray)
	if leave() {
		t.Error("the wait could be given up twice")
	}
	good := d.Hand(state, "good")
	wantStatus(t, "the answer between two waits", good, waits)
	if code, _ := d.Wait(state); code() != "good" {
		t.Error("the answer between two waits was lost")
	}
}

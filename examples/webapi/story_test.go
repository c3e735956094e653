package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/keyporttest"
)

// TestMain fails when the output of the tests shows a secret.
func TestMain(m *testing.M) { os.Exit(keyporttest.ScanOutput(m)) }

// TestTheStoryIsTrue runs the whole demonstration and reads what it says.
func TestTheStoryIsTrue(t *testing.T) {
	var out strings.Builder
	if err := (story{out: &out}).tell(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`calls the API\n   200: the next API was called by the API, for the user, with \[Read\]; 1 token request\n   200: .*; 0 token request\n`,
		`no token: 401, Bearer\n`,
		`something else: 401, Bearer error="invalid_token", .*no JWT`,
		`an ID token: 401, .*for somebody else"\n`,
		`a token for another API: 401, .*for somebody else"\n`,
		`a token that somebody has changed: 401, .*has not signed it"\n`,
		`401: the API hands the challenge on: {"access_token":{"acrs":{"essential":true,"value":"c1"}}}\n   the user signs in again, with these claims: 200\n`,
		`201: a job\n   two hours later, the token is refused: 401\n   GET the job: 200\n   DELETE the job: 204\n   GET the job: 404\n`,
	} {
		if !regexp.MustCompile(want).MatchString(out.String()) {
			t.Errorf("the story lacks %q:\n%s", want, &out)
		}
	}
	keyporttest.AssertClean(t, nil, "the story", out.String())
}

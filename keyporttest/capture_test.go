package keyporttest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/keyporttest"
)

// told is what ScanOutput would say about an output.
func told(writes ...string) []string {
	var c keyporttest.Capture
	for _, w := range writes {
		_, _ = c.Write([]byte(w))
	}
	return toldBy(&c)
}

func toldBy(c *keyporttest.Capture) []string {
	var b strings.Builder
	c.Told(&b)
	return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
}

func report(kind string, line int, prefix string) string {
	return fmt.Sprintf("keyporttest: the output shows the %s of a test: , line %d, after %q", kind, line, prefix)
}

func TestALeakIsToldByItsKindAndHowTheLineBegins(t *testing.T) {
	password, token := keyporttest.PlantSecret("password"), keyporttest.PlantSecret("token")
	for name, row := range map[string]struct {
		writes []string
		want   []string
	}{
		"nothing":                 {[]string{"ok\n", "PASS\n"}, []string{""}},
		"one":                     {[]string{"ok\n", "the password is ", password, "\n"}, []string{report("password", 2, "the password is ")}},
		"without a newline":       {[]string{"the password is " + password}, []string{report("password", 1, "the password is ")}},
		"cut in two writes":       {[]string{"p=" + password[:9], password[9:]}, []string{report("password", 1, "p=")}},
		"at the line's beginning": {[]string{"\n\n" + password}, []string{report("password", 3, "")}},
		"two kinds in a line": {[]string{"a " + password + " b " + token + " c " + password + "\n"},
			[]string{report("password", 1, "a "), report("token", 1, "a ")}}, // the second is not told after the first
		"two lines":   {[]string{"a " + password + "\nb " + password + "\n"}, []string{report("password", 1, "a "), report("password", 2, "b ")}},
		"a long line": {[]string{strings.Repeat("x", 100) + password}, []string{report("password", 1, strings.Repeat("x", 60))}},
	} {
		got := told(row.writes...)
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if all := strings.Join(got, ""); strings.Contains(all, password) || strings.Contains(all, token) {
			t.Errorf("%s: the report shows a secret", name)
		}
	}
}

func TestALongSecretIsNotToldByItsHead(t *testing.T) {
	a, secret := newAuthority(t, nil)
	token := post(t, a, tokenURL, map[string]string{"client_secret": secret}).text("access_token")
	if diff := cmp.Diff([]string{report("access token", 1, "got ")}, told("got "+token+" from the server")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	head, _, _ := strings.Cut(token, ".")
	if diff := cmp.Diff([]string{""}, told("a token begins with "+head)); diff != "" {
		t.Errorf("the header of every token is no secret (-want +got):\n%s", diff)
	}
}

func TestManyLeaksAreToldInShort(t *testing.T) {
	password := keyporttest.PlantSecret("password")
	got := told(strings.Repeat("p="+password+"\n", 50))
	if len(got) != 21 || got[20] != "keyporttest: and 30 more" {
		t.Errorf("%d lines, the last one %q", len(got), got[len(got)-1])
	}
}

// TestALargeOutputIsScannedInParts: what is found in the parts is what is found in
// the whole, with its line.
func TestALargeOutputIsScannedInParts(t *testing.T) {
	const limit, lines = 256 << 10, 1 << 10
	var c keyporttest.Capture
	c.Limit(limit)
	password := keyporttest.PlantSecret("password")
	filler := strings.Repeat("0123456789abcdef\n", lines)
	parts := limit / len(filler)
	var want []string
	for i := range 3 * parts {
		_, _ = c.Write([]byte(filler))
		if i%parts == parts-1 {
			for _, piece := range []string{fmt.Sprint("p", i, "="), password[:20], password[20:], "\n"} {
				_, _ = c.Write([]byte(piece))
			}
			want = append(want, report("password", (i+1)*lines+len(want)+1, fmt.Sprint("p", i, "=")))
		}
	}
	if diff := cmp.Diff(want, toldBy(&c)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// One line that is longer than what is held has no beginning any more.
	var long keyporttest.Capture
	long.Limit(limit)
	for _, piece := range []string{strings.Repeat("x", limit), strings.Repeat("y", limit), "p=" + password} {
		_, _ = long.Write([]byte(piece))
	}
	if diff := cmp.Diff([]string{report("password", 1, "")}, toldBy(&long)); diff != "" {
		t.Errorf("a long line (-want +got):\n%s", diff)
	}
}

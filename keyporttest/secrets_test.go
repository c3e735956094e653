package keyporttest_test

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/keyporttest"
)

func TestPlantedSecretsAreFreshAndKnown(t *testing.T) {
	one, two := keyporttest.PlantSecret("one"), keyporttest.PlantSecret("two")
	if one == two {
		t.Error("twice the same")
	}
	if !regexp.MustCompile(`^planted-[A-Za-z0-9_-]{43}$`).MatchString(one) {
		t.Errorf("a value of %d bytes that not every header, form and URL can hold", len(one))
	}
	got := verdict(nil, two, one)
	if len(got) != 2 || !strings.Contains(got[0], "shows the two in") || !strings.Contains(got[1], "shows the one in") {
		t.Errorf("%d failures: %q", len(got), got)
	}
}

func TestTheRegistryKnowsWhatItLearnt(t *testing.T) {
	var r keyporttest.Registry
	if got := r.Find("nothing was learnt"); got != nil {
		t.Errorf("found %q", got)
	}
	r.Learn("long one", "alpha-bravo-charlie")
	r.Learn("short one", "seven77")
	r.Learn("token", "delta-echo-foxtrot")
	r.Learn("another name", "alpha-bravo-charlie") // the first name stays
	if diff := cmp.Diff([]string{"long one", "token", "long one"}, r.Find("alpha-bravo-charlie, delta-echo-foxtrot; seven77 alpha-bravo-charlie")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := r.Find(fmt.Sprintf("%x", "seven77")); got != nil {
		t.Errorf("the short one in hex: found %q", got)
	}
	r.Learn("late", "golf-hotel-india") // after the index was made
	if diff := cmp.Diff([]string{"late"}, r.Find("golf-hotel-india")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestSecretsThatShareTheirEnds: windows are chosen where secrets differ, and a
// window alone proves nothing.
func TestSecretsThatShareTheirEnds(t *testing.T) {
	var r keyporttest.Registry
	for i := range 200 {
		r.Learn(fmt.Sprint(i), fmt.Sprintf("the-same-beginning-%03d-the-same-end", i))
	}
	for _, i := range []int{0, 7, 199} {
		if diff := cmp.Diff([]string{fmt.Sprint(i)}, r.Find(fmt.Sprintf("x the-same-beginning-%03d-the-same-end x", i))); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	for _, text := range []string{"the-same-beginning-007", "-007-the-same-end", "the-same-beginning-200-the-same-end", "the-same-end"} {
		if got := r.Find(text); got != nil {
			t.Errorf("%q: found %q", text, got)
		}
	}
}

// TestALongSecretIsKnownByItsEnd: and its place is where all of it begins, as far as
// it is there, so that no report shows the rest.
func TestALongSecretIsKnownByItsEnd(t *testing.T) {
	var r keyporttest.Registry
	secret := "header. and a payload with spaces, of some length, in front of a signature that has none of them. " +
		"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-zyxwvutsrqponmlkjihgfedcba9876543210"
	r.Learn("token", secret)
	for text, want := range map[string][]string{
		"a " + secret + " b":                      {secret},
		"a >>>" + secret[len(secret)-100:] + " b": {secret[len(secret)-100:]},
		"a " + strings.ToUpper(secret) + " b":     nil,
		secret[:len(secret)-1]:                    nil,
		secret:                                    {secret},
		fmt.Sprintf("%x", secret):                 {fmt.Sprintf("%x", secret)},
		url.QueryEscape(secret) + "&":             {url.QueryEscape(secret)}, // ends like the plain one
		url.PathEscape(secret) + "/":              {url.PathEscape(secret)},
	} {
		if diff := cmp.Diff(want, r.Places(text)); diff != "" {
			t.Errorf("%.20q (-want +got):\n%s", text, diff)
		}
	}
}

// TestManyTokensAreForgottenAndTheLatestAreNot: the registry does not grow with the
// length of a test, and what a test gives stays.
func TestManyTokensAreForgottenAndTheLatestAreNot(t *testing.T) {
	const limit, n = 500, 1400 // the last 400, and the 500 before
	var r keyporttest.Registry
	r.Limit(limit)
	r.Learn("client secret", "given-once-and-for-all")
	token := func(i int) string { return fmt.Sprintf("token-%08d", i) }
	for i := range n {
		r.Learn("access token", token(i))
	}
	for text, want := range map[string][]string{
		token(n - 1): {"access token"}, token(n - limit): {"access token"},
		token(499): nil, "given-once-and-for-all": {"client secret"},
	} {
		if diff := cmp.Diff(want, r.Find(text)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

// TestALargeOutputIsScannedForManySecrets is here for its size; how long it takes is
// for the benchmark to say.
func TestALargeOutputIsScannedForManySecrets(t *testing.T) {
	r, text := largeOutput()
	if diff := cmp.Diff([]string{"secret 4321"}, r.Find(text)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// largeOutput is 10 MB that show one of 5,000 secrets.
func largeOutput() (*keyporttest.Registry, string) {
	r := &keyporttest.Registry{}
	for i := range 5000 {
		r.Learn(fmt.Sprint("secret ", i), fmt.Sprintf("eyJhbGciOiJFUzI1NiJ9.%s%08d", strings.Repeat("payload", 40), i))
	}
	line := "=== RUN   TestSomething/eyJhbGciOiJFUzI1NiJ9.payload 12345 [97 98 99] 61 62 63 0x61, 0x62\n"
	half := strings.Repeat(line, 5<<20/len(line))
	return r, half + strings.Repeat("payload", 40) + "00004321\n" + half
}

func BenchmarkScan(b *testing.B) {
	_, text := largeOutput()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		b.StopTimer()
		r, _ := largeOutput()
		b.StartTimer()
		r.Find(text)
	}
}

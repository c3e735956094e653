package keyport_test

import (
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/domain"
)

const troubleshooting = "docs/troubleshooting.md"

// TestTroubleshootingIsTrue holds the page to the code: what it names exists, the codes
// that it lists are explained, its plan is that of the example, and its table of misses
// has the words that plans use.
func TestTroubleshootingIsTrue(t *testing.T) {
	page, err := os.ReadFile(troubleshooting)
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	known := readSymbols(t)
	for _, name := range ourNames(text) {
		if !known.has(name) {
			t.Errorf("it names `%s`, which does not exist", name)
		}
	}
	for _, block := range goBlocks(text) {
		for _, problem := range known.problemsOf(block) {
			t.Error(problem)
		}
	}
	for _, link := range link.FindAllStringSubmatch(text, -1) {
		if _, err := os.Stat(path.Join(path.Dir(troubleshooting), link[1])); err != nil {
			t.Error(err)
		}
	}
	for _, code := range regexp.MustCompile(`AADSTS[0-9]+`).FindAllString(text, -1) {
		if _, ok := domain.LookupServerCode(code); !ok {
			t.Errorf("nothing is known of %s", code)
		}
	}
	explained, _, _ := strings.Cut(keyport.Explain(&keyport.OAuthError{
		Operation: "acquire token silent", Code: "interaction_required", SubError: "basic_action", ErrorCodes: []int{50076}, StatusCode: 400,
		Claims: "{}", CorrelationID: "0354d9fb-d107-4c08-87d2-d969daea1f8b", TraceID: "t",
	}), " trace id")
	if quote := strings.ReplaceAll(text, "\n> ", " "); !strings.Contains(quote, explained) {
		t.Errorf("the page does not quote\n%s", explained)
	}
	example, ok := rootExamples(t)["Example_plan"]
	if !ok {
		t.Fatal("Example_plan is gone")
	}
	for _, line := range strings.Split(example.Output, "\n")[1:] { // the first is not the plan's
		if line != "" && !strings.Contains(text, line+"\n") {
			t.Errorf("the plan on the page lacks the line %q", line)
		}
	}
	planner, err := os.ReadFile("domain/plannedtokens.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, quoted := range regexp.MustCompile(`"((?:other|bound|cached|expired|due|the request)[^"]*)"`).FindAllStringSubmatch(string(planner), -1) {
		words, _, _ := strings.Cut(quoted[1], ":")
		if words != "another one serves better" && !strings.Contains(text, words) {
			t.Errorf("the page does not say what to do when a token misses by %q", words)
		}
	}
}

package keyport_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// room is a set of packages under one law. Names of packages are paths inside the
// module ("domain", "." for the root) or full import paths of other modules; a
// trailing "/..." takes in everything below.
type room struct {
	packages         string
	imports          []string // besides the standard library and the room itself
	stdOnly          []string // when not nil, all that it may use of the standard library
	stdWithout       []string // what it does without of the standard library
	functionsWithout []string // "time.Now": what it neither calls nor passes on
}

// checker collects violations. Files are read whatever their build constraints, so
// every platform obeys the same law.
type checker struct {
	repo       fs.FS
	violations []string
}

// source is a parsed file and where it stands.
type source struct {
	name   string // "domain/scope.go"
	dir    string // "domain"
	file   *ast.File
	isTest bool
	room   room
}

func (c *checker) report(where, format string, args ...any) {
	c.violations = append(c.violations, where+": "+fmt.Sprintf(format, args...))
}

// checkArchitecture returns every breach of the law in repo, in the order of paths.
func checkArchitecture(repo fs.FS) ([]string, error) {
	c := &checker{repo: repo}
	err := fs.WalkDir(repo, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && ignored(entry.Name()):
			return fs.SkipDir
		case entry.IsDir():
			return c.checkPackage(name)
		case path.Base(name) == "go.mod":
			return c.checkModule(name)
		}
		return nil
	})
	return c.violations, err
}

// ignored tells the folders that the go command does not look into either.
func ignored(folder string) bool {
	return folder != "." && strings.HasPrefix(folder, ".") || strings.HasPrefix(folder, "_") ||
		folder == "testdata" || folder == "node_modules"
}

func (c *checker) checkPackage(dir string) error {
	names, err := fs.Glob(c.repo, path.Join(dir, "*.go"))
	if err != nil || len(names) == 0 {
		return err
	}
	home, found := roomOf(dir)
	if !found {
		c.report(dir, "is a package in no room; give it one in architecture_test.go")
		return nil
	}
	if nested, isNested := nestedModuleOf(dir); isNested {
		if _, err := fs.Stat(c.repo, nested+"/go.mod"); err != nil {
			c.report(dir, "belongs into a module of its own; %s/go.mod is missing", nested)
		}
	}
	var sources []source
	for _, name := range names {
		text, err := fs.ReadFile(c.repo, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			c.report(name, "cannot be parsed: %v", err)
			continue
		}
		s := source{name: name, dir: dir, file: file, isTest: strings.HasSuffix(name, "_test.go"), room: home}
		sources = append(sources, s)
		c.checkFile(s)
	}
	c.checkPackageComment(dir, sources)
	return nil
}

func roomOf(dir string) (room, bool) {
	i := slices.IndexFunc(rooms, func(r room) bool { return matches(r.packages, dir) })
	if i < 0 {
		return room{}, false
	}
	return rooms[i], true
}

func (c *checker) checkFile(s source) {
	timeName := ""
	for _, spec := range s.file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			panic(err) // the parser admits string literals only
		}
		if spec.Name != nil && spec.Name.Name == "." {
			c.report(s.name, "imports %s with a dot, which hides where names come from", imported)
		}
		if imported == "time" {
			timeName = "time"
			if spec.Name != nil {
				timeName = spec.Name.Name
			}
		}
		c.checkImport(s, imported)
	}
	if !s.isTest && timeName != "" {
		c.checkFunctions(s, timeName)
	}
}

func (c *checker) checkImport(s source, imported string) {
	if local, isLocal := localPath(imported); isLocal {
		if !s.mayImport(local) {
			c.report(s.name, "imports %s, which room %s does not", imported, s.room.packages)
		}
		return
	}
	if isStandard(imported) {
		if !s.isTest && s.room.shuns(imported) {
			c.report(s.name, "imports %s, which room %s does without", imported, s.room.packages)
		}
		return
	}
	if _, nested := nestedModuleOf(s.dir); nested {
		return // its go.mod lists its libraries, and no other user downloads them
	}
	if !s.mayImport(imported) {
		c.report(s.name, "imports %s, which room %s does not", imported, s.room.packages)
	}
	if !inLedger(imported) {
		c.report(s.name, "imports %s, which is not in the ledger of the core's dependencies", imported)
	}
}

func (s source) mayImport(imported string) bool {
	if matches(s.room.packages, imported) || matchesAny(s.room.imports, imported) {
		return true
	}
	if !s.isTest {
		return false
	}
	// An external test may use the library as its users do; an internal one would
	// tie the package's inside to the wiring around it.
	fromOutside := imported == "." && strings.HasSuffix(s.file.Name.Name, "_test")
	return fromOutside || matchesAny(testsMayImport, imported)
}

func (r room) shuns(std string) bool {
	if r.stdOnly != nil {
		return !slices.Contains(r.stdOnly, std)
	}
	return slices.ContainsFunc(r.stdWithout, func(without string) bool {
		return without == std || without == "os" && strings.HasPrefix(std, "os/")
	})
}

// checkFunctions looks at every mention and not only at calls: passing time.Now on
// reads the clock too.
func (c *checker) checkFunctions(s source, timeName string) {
	ast.Inspect(s.file, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		receiver, ok := selector.X.(*ast.Ident)
		if !ok || receiver.Name != timeName {
			return true
		}
		if function := "time." + selector.Sel.Name; slices.Contains(s.room.functionsWithout, function) {
			c.report(s.name, "uses %s, which room %s does without; take the time as an argument or from ports.Clock",
				function, s.room.packages)
		}
		return true
	})
}

// checkPackageComment wants a doc.go with a package comment; a program may have its
// comment in any file.
func (c *checker) checkPackageComment(dir string, sources []source) {
	sources = slices.DeleteFunc(sources, func(s source) bool { return s.isTest })
	if len(sources) == 0 {
		return
	}
	hasComment := func(s source) bool {
		isProgram := s.file.Name.Name == "main"
		return s.file.Doc != nil && (isProgram || path.Base(s.name) == "doc.go" &&
			strings.HasPrefix(s.file.Doc.Text(), "Package "+s.file.Name.Name+" "))
	}
	if !slices.ContainsFunc(sources, hasComment) {
		c.report(dir, `has no doc.go with a comment "Package %s ..."`, sources[0].file.Name.Name)
	}
}

var (
	requireLine = regexp.MustCompile(`(?m)^\s*(?:require\s+)?([^\s(]+)\s+v\S+[ \t]*$`) // direct ones end at the version
	replaceLine = regexp.MustCompile(`(?m)^\s*(?:replace\s+)?` + regexp.QuoteMeta(module) + `\s+=>\s+(\S+)`)
	moduleLine  = regexp.MustCompile(`(?m)^module\s+(\S+)`)
)

func (c *checker) checkModule(name string) error {
	text, err := fs.ReadFile(c.repo, name)
	if err != nil {
		return err
	}
	dir := path.Dir(name)
	if dir == "." {
		return c.checkCoreModule(name, string(text))
	}
	if !slices.Contains(nestedModules, dir) {
		c.report(name, "is a nested module in no list; add it to nestedModules in architecture_test.go")
	}
	if declared := moduleLine.FindStringSubmatch(string(text)); declared == nil || declared[1] != module+"/"+dir {
		c.report(name, "does not declare module %s/%s", module, dir)
	}
	replace := replaceLine.FindStringSubmatch(string(text))
	if replace == nil || path.Join(dir, replace[1]) != "." {
		c.report(name, "does not replace %s with the checkout around it", module)
	}
	return nil
}

// checkCoreModule wants every direct requirement in the ledger, and the decision
// that the ledger names to speak of it.
func (c *checker) checkCoreModule(name, text string) error {
	for _, required := range requireLine.FindAllStringSubmatch(text, -1) {
		record, listed := ledger[required[1]]
		if !listed {
			c.report(name, "requires %s, which is not in the ledger of the core's dependencies", required[1])
			continue
		}
		decision, err := fs.ReadFile(c.repo, record)
		if err != nil || !strings.Contains(string(decision), required[1]) {
			c.report(name, "requires %s, of which %s says nothing", required[1], record)
		}
	}
	return nil
}

func nestedModuleOf(dir string) (string, bool) {
	i := slices.IndexFunc(nestedModules, func(m string) bool { return matches(m+"/...", dir) })
	if i < 0 {
		return "", false
	}
	return nestedModules[i], true
}

// inLedger tells whether a package belongs to a module that the ledger lists.
func inLedger(imported string) bool {
	for listed := range ledger {
		if matches(listed+"/...", imported) {
			return true
		}
	}
	return false
}

// localPath turns an import path of this repository into a path inside it.
func localPath(imported string) (string, bool) {
	if imported == module {
		return ".", true
	}
	return strings.CutPrefix(imported, module+"/")
}

// isStandard tells the standard library by its first element, which has no dot.
func isStandard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return first != "C" && !strings.Contains(first, ".")
}

func matchesAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, name) })
}

func matches(pattern, name string) bool {
	switch prefix, deep := strings.CutSuffix(pattern, "/..."); {
	case pattern == anything:
		return true
	case deep:
		return name == prefix || strings.HasPrefix(name, prefix+"/")
	}
	return name == pattern
}

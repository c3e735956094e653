package system

import (
	"os"

	"github.com/seed57855a68/keyport/ports"
)

var _ ports.Environment = Environment{}

// Environment is the environment of the process. The zero value is ready.
type Environment struct{}

// Getenv implements [ports.Environment].
func (Environment) Getenv(name string) string { return os.Getenv(name) }

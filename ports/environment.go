package ports

// Environment is the environment that the program was started in.
type Environment interface {
	// Getenv returns the value of a variable, and "" when there is none. It may be called
	// at any time and from many goroutines, and it is quick.
	Getenv(name string) string
}

package errs

import "errors"

type permanentError struct{ error }

func (e permanentError) Unwrap() error { return e.error }

type fatalError struct{ error }

func (e fatalError) Unwrap() error { return e.error }

// Permanent marks err so that a supervised worker is not restarted and shows
// as degraded. Permanent(nil) is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return permanentError{err}
}

// Fatal marks err so that the whole process stops. Fatal(nil) is nil.
func Fatal(err error) error {
	if err == nil {
		return nil
	}
	return fatalError{err}
}

// IsPermanent reports whether err was marked by Permanent.
func IsPermanent(err error) bool {
	_, ok := errors.AsType[permanentError](err)
	return ok
}

// IsFatal reports whether err was marked by Fatal.
func IsFatal(err error) bool {
	_, ok := errors.AsType[fatalError](err)
	return ok
}

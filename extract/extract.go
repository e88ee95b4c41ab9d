// Package extract reads a report and says what is in it.
package extract

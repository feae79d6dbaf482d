// Command stamm is the whole of Stamm in one binary: the web page, the API and every command.
package main

func main() {}

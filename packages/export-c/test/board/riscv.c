/* Text by semihosting, a line in a call; the library would make a call of each letter. Start and exit are the library's. */
void print(const char *text);
void print(const char *text)
{
  register int a0 __asm__("a0") = 4;
  register const char *a1 __asm__("a1") = text;
  __asm__ volatile(
    ".option push\n.option norvc\n.balign 16\nslli x0, x0, 0x1f\nebreak\nsrai x0, x0, 7\n.option pop"
    : "+r"(a0)
    : "r"(a1)
    : "memory");
}

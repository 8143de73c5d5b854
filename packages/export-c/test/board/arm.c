/* Start of a bare Cortex-M, with text and exit by semihosting. */
#include <stdint.h>

extern uint32_t data_load[], data_start[], data_end[], bss_start[], bss_end[], stack_top[];
int main(void);

static int semihost(int operation, const void *argument)
{
  register int r0 __asm__("r0") = operation;
  register const void *r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

void print(const char *text) { semihost(4, text); }

static void reset(void)
{
  uint32_t *from = data_load, *to;
  for (to = data_start; to < data_end;) *to++ = *from++;
  for (to = bss_start; to < bss_end;) *to++ = 0;
#if defined(__ARM_FP)
  /* Full access to the floating-point unit. */
  *(volatile uint32_t *)0xe000ed88 |= 0xfu << 20;
  __asm__ volatile("dsb\nisb");
#endif
  main();
  semihost(0x18, (const void *)0x20026);
}

static void fault(void)
{
  print("fault\n");
  semihost(0x18, (const void *)0x20023);
}

/* Ticks of the processor's clock, 24 bits, counting up. */
static volatile uint32_t *const systick = (volatile uint32_t *)0xe000e010;
void start_clock(void)
{
  systick[1] = 0xffffff;
  systick[2] = 0;
  systick[0] = 5;
}
uint32_t ticks(void) { return 0xffffff - systick[2]; }

typedef void (*handler)(void);
__attribute__((section(".vectors"), used)) static const struct {
  uint32_t *stack;
  handler handlers[15];
} vectors = { stack_top, { reset, fault, fault } };

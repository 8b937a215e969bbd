;; The inner loops of gbdt. Same arithmetic in the same order as kernels.ts, which serves where WebAssembly does not.
;; After a change run `npx tsx packages/core/test/build-gbdt-kernels.ts`, which writes kernels-wasm.ts.
(module
  (import "workspace" "memory" (memory 0))

  (global $touched (mut i32) (i32.const 0))

  ;; Loads a word of what is needed of each row from $row up to $end, and nothing else, so that the processor waits for many of them at a time: rows
  ;; of a leaf are scattered over memory, and the work on one row is too long for it to see the next.
  (func $touch
    (param $words i32) (param $rowBytes i32) (param $values i32) (param $row i32) (param $end i32)
    (local $number i32) (local $first i32) (local $any i32)
    (loop $next
      (local.set $number (i32.load (local.get $row)))
      (local.set $first (i32.add (local.get $words) (i32.mul (local.get $number) (local.get $rowBytes))))
      (local.set $any
        (i32.or
          (i32.or (local.get $any) (i32.load (local.get $first)))
          (i32.or
            (i32.load (i32.sub (i32.add (local.get $first) (local.get $rowBytes)) (i32.const 4)))
            (i32.load (i32.add (local.get $values) (i32.shl (local.get $number) (i32.const 3)))))))
      (local.set $row (i32.add (local.get $row) (i32.const 4)))
      (br_if $next (i32.lt_u (local.get $row) (local.get $end))))
    ;; Used, so that no compiler leaves the loads out.
    (global.set $touched (local.get $any)))

  ;; Adds the value of each row to one slot per column. Pointers are byte offsets; rows run from $row up to $end.
  (func (export "addRows")
    (param $sums i32) (param $words i32) (param $wordsPerRow i32) (param $strides i32) (param $values i32)
    (param $row i32) (param $end i32)
    (local $number i32) (local $value f64) (local $word i32) (local $lastWord i32) (local $stride i32)
    (local $slot i32) (local $bins i32) (local $at i32) (local $width i32) (local $touchedUpTo i32)
    (local.set $wordsPerRow (i32.shl (local.get $wordsPerRow) (i32.const 2)))
    (block $done
      (loop $nextRow
        (br_if $done (i32.ge_u (local.get $row) (local.get $end)))
        (if (i32.ge_u (local.get $row) (local.get $touchedUpTo))
          (then
            (local.set $touchedUpTo (i32.add (local.get $row) (i32.const 128)))
            (if (i32.gt_u (local.get $touchedUpTo) (local.get $end))
              (then (local.set $touchedUpTo (local.get $end))))
            (call $touch
              (local.get $words)
              (local.get $wordsPerRow)
              (local.get $values)
              (local.get $row)
              (local.get $touchedUpTo))))
        (local.set $number (i32.load (local.get $row)))
        (local.set $value (f64.load (i32.add (local.get $values) (i32.shl (local.get $number) (i32.const 3)))))
        (local.set $word (i32.add (local.get $words) (i32.mul (local.get $number) (local.get $wordsPerRow))))
        (local.set $lastWord (i32.add (local.get $word) (local.get $wordsPerRow)))
        (local.set $stride (local.get $strides))
        (local.set $slot (local.get $sums))
        (loop $nextWord
          (local.set $bins (i32.load (local.get $word)))
          (local.set $width (i32.shl (i32.load (local.get $stride)) (i32.const 3)))
          (local.set $at (i32.add (local.get $slot) (i32.and (i32.shl (local.get $bins) (i32.const 3)) (i32.const 2040))))
          (f64.store (local.get $at) (f64.add (f64.load (local.get $at)) (local.get $value)))
          (local.set $slot (i32.add (local.get $slot) (local.get $width)))
          (local.set $at (i32.add (local.get $slot) (i32.and (i32.shr_u (local.get $bins) (i32.const 5)) (i32.const 2040))))
          (f64.store (local.get $at) (f64.add (f64.load (local.get $at)) (local.get $value)))
          (local.set $slot (i32.add (local.get $slot) (local.get $width)))
          (local.set $at (i32.add (local.get $slot) (i32.and (i32.shr_u (local.get $bins) (i32.const 13)) (i32.const 2040))))
          (f64.store (local.get $at) (f64.add (f64.load (local.get $at)) (local.get $value)))
          (local.set $slot (i32.add (local.get $slot) (local.get $width)))
          (local.set $at (i32.add (local.get $slot) (i32.and (i32.shr_u (local.get $bins) (i32.const 21)) (i32.const 2040))))
          (f64.store (local.get $at) (f64.add (f64.load (local.get $at)) (local.get $value)))
          (local.set $slot (i32.add (local.get $slot) (local.get $width)))
          (local.set $stride (i32.add (local.get $stride) (i32.const 4)))
          (local.set $word (i32.add (local.get $word) (i32.const 4)))
          (br_if $nextWord (i32.lt_u (local.get $word) (local.get $lastWord))))
        (local.set $row (i32.add (local.get $row) (i32.const 4)))
        (br $nextRow))))

  ;; Writes the rows from $row up to $end whose bin goes left to their front and the others to $spill, in order; returns how many bytes the first
  ;; take. Without branches: each row is written to both places, and one of them moves on.
  (func (export "divide")
    (param $row i32) (param $end i32) (param $spill i32) (param $column i32) (param $goesLeft i32) (result i32)
    (local $start i32) (local $left i32) (local $number i32) (local $step i32)
    (local.set $start (local.get $row))
    (local.set $left (local.get $row))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $row) (local.get $end)))
        (local.set $number (i32.load (local.get $row)))
        (local.set $step
          (i32.shl
            (i32.load8_u
              (i32.add (local.get $goesLeft) (i32.load8_u (i32.add (local.get $column) (local.get $number)))))
            (i32.const 2)))
        (i32.store (local.get $left) (local.get $number))
        (i32.store (local.get $spill) (local.get $number))
        (local.set $left (i32.add (local.get $left) (local.get $step)))
        (local.set $spill (i32.sub (i32.add (local.get $spill) (i32.const 4)) (local.get $step)))
        (local.set $row (i32.add (local.get $row) (i32.const 4)))
        (br $next)))
    (i32.sub (local.get $left) (local.get $start)))

  ;; from[i] -= what[i] for an even number of slots.
  (func (export "subtract") (param $from i32) (param $what i32) (param $end i32)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $from) (local.get $end)))
        (v128.store (local.get $from)
          (f64x2.sub (v128.load (local.get $from)) (v128.load (local.get $what))))
        (local.set $from (i32.add (local.get $from) (i32.const 16)))
        (local.set $what (i32.add (local.get $what) (i32.const 16)))
        (br $next))))

  ;; The leaf that is searched, and the best split so far.
  (global $rows (mut f64) (f64.const 0))
  (global $total (mut f64) (f64.const 0))
  (global $minRows (mut f64) (f64.const 0))
  (global $l2 (mut f64) (f64.const 0))
  (global $countUnit (mut f64) (f64.const 0))
  (global $bestGain (mut f64) (f64.const 0))
  (global $bestSum (mut f64) (f64.const 0))
  (global $bestCount (mut f64) (f64.const 0))
  (global $bestSlot (mut i32) (i32.const 0))

  ;; Makes a candidate the best split if its gain is greater.
  (func $consider (param $gain f64) (param $sum f64) (param $count f64) (param $slot i32)
    (if (f64.gt (local.get $gain) (global.get $bestGain))
      (then
        (global.set $bestGain (local.get $gain))
        (global.set $bestSum (local.get $sum))
        (global.set $bestCount (local.get $count))
        (global.set $bestSlot (local.get $slot)))))

  ;; Tries the thresholds after each slot from $slot up to $end, two at a time; $before is what goes left before the first.
  ;; With an odd number of slots the last one is tried beside a slot of zero rows, which gains no more than it.
  (func $scan (param $slot i32) (param $end i32) (param $before f64)
    (local $rows v128) (local $total v128) (local $minRows v128) (local $maxLeft v128) (local $l2 v128)
    (local $countUnit v128) (local $perUnit v128) (local $packed v128) (local $carry v128) (local $pair v128)
    (local $sum v128) (local $count v128) (local $left v128) (local $right v128) (local $difference v128)
    (local $gain v128) (local $best v128)
    (local.set $rows (f64x2.splat (global.get $rows)))
    (local.set $total (f64x2.splat (global.get $total)))
    (local.set $minRows (f64x2.splat (global.get $minRows)))
    (local.set $maxLeft (f64x2.sub (local.get $rows) (local.get $minRows)))
    (local.set $l2 (f64x2.splat (global.get $l2)))
    (local.set $countUnit (f64x2.splat (global.get $countUnit)))
    (local.set $perUnit (f64x2.div (f64x2.splat (f64.const 1)) (local.get $countUnit)))
    (local.set $carry (f64x2.splat (local.get $before)))
    (local.set $best (f64x2.splat (global.get $bestGain)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $slot) (local.get $end)))
        (local.set $pair
          (if (result v128) (i32.le_u (i32.add (local.get $slot) (i32.const 16)) (local.get $end))
            (then (v128.load (local.get $slot)))
            (else (v128.load64_zero (local.get $slot)))))
        ;; first, first + second
        (local.set $pair
          (f64x2.add
            (local.get $pair)
            (i8x16.shuffle 16 16 16 16 16 16 16 16 0 1 2 3 4 5 6 7 (local.get $pair) (v128.const i64x2 0 0))))
        (local.set $packed (f64x2.add (local.get $carry) (local.get $pair)))
        (local.set $carry
          (f64x2.add
            (local.get $carry)
            (i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 (local.get $pair) (local.get $pair))))
        (local.set $slot (i32.add (local.get $slot) (i32.const 16)))
        (local.set $sum (f64x2.floor (f64x2.mul (local.get $packed) (local.get $perUnit))))
        (local.set $count (f64x2.sub (local.get $packed) (f64x2.mul (local.get $sum) (local.get $countUnit))))
        (local.set $left (f64x2.add (local.get $count) (local.get $l2)))
        (local.set $right (f64x2.add (f64x2.sub (local.get $rows) (local.get $count)) (local.get $l2)))
        (local.set $difference
          (f64x2.sub
            (f64x2.mul (local.get $sum) (local.get $right))
            (f64x2.mul (f64x2.sub (local.get $total) (local.get $sum)) (local.get $left))))
        ;; 0 where a side has too few rows
        (local.set $gain
          (v128.and
            (f64x2.div
              (f64x2.mul (local.get $difference) (local.get $difference))
              (f64x2.mul (local.get $left) (local.get $right)))
            (v128.and
              (f64x2.ge (local.get $count) (local.get $minRows))
              (f64x2.le (local.get $count) (local.get $maxLeft)))))
        (br_if $next (i32.eqz (v128.any_true (f64x2.gt (local.get $gain) (local.get $best)))))
        (call $consider
          (f64x2.extract_lane 0 (local.get $gain))
          (f64x2.extract_lane 0 (local.get $sum))
          (f64x2.extract_lane 0 (local.get $count))
          (i32.sub (local.get $slot) (i32.const 16)))
        (call $consider
          (f64x2.extract_lane 1 (local.get $gain))
          (f64x2.extract_lane 1 (local.get $sum))
          (f64x2.extract_lane 1 (local.get $count))
          (i32.sub (local.get $slot) (i32.const 8)))
        (local.set $best (f64x2.splat (global.get $bestGain)))
        (br $next))))

  ;; The best threshold over all columns of $table (pairs of first slot and number of value bins), written to
  ;; $result: gain, sum, count, index in the table (-1: none), bin, whether missing values go left.
  (func (export "scanColumns")
    (param $sums i32) (param $table i32) (param $columns i32) (param $rows f64) (param $total f64)
    (param $minRows f64) (param $l2 f64) (param $countUnit f64) (param $result i32)
    (local $index i32) (local $first i32) (local $missingAt i32) (local $missing f64) (local $before f64)
    (local $bestColumn i32) (local $bestBin i32) (local $missingLeft i32)
    (global.set $rows (local.get $rows))
    (global.set $total (local.get $total))
    (global.set $minRows (local.get $minRows))
    (global.set $l2 (local.get $l2))
    (global.set $countUnit (local.get $countUnit))
    (global.set $bestGain (f64.const 0))
    (local.set $bestColumn (i32.const -1))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $index) (local.get $columns)))
        (local.set $first (i32.add (local.get $sums) (i32.shl (i32.load (local.get $table)) (i32.const 3))))
        (local.set $missingAt (i32.add (local.get $first) (i32.shl (i32.load offset=4 (local.get $table)) (i32.const 3))))
        (local.set $missing (f64.load (local.get $missingAt)))
        (local.set $before (global.get $bestGain))
        (if (f64.eq (local.get $missing) (f64.const 0))
          (then
            (call $scan (local.get $first) (i32.sub (local.get $missingAt) (i32.const 8)) (f64.const 0))
            (if (f64.gt (global.get $bestGain) (local.get $before))
              (then
                (local.set $bestColumn (local.get $index))
                (local.set $bestBin (i32.shr_u (i32.sub (global.get $bestSlot) (local.get $first)) (i32.const 3)))
                (local.set $missingLeft
                  (f64.ge (f64.mul (global.get $bestCount) (f64.const 2)) (local.get $rows))))))
          (else
            (call $scan (local.get $first) (local.get $missingAt) (f64.const 0))
            (if (f64.gt (global.get $bestGain) (local.get $before))
              (then
                (local.set $bestColumn (local.get $index))
                (local.set $bestBin (i32.shr_u (i32.sub (global.get $bestSlot) (local.get $first)) (i32.const 3)))
                (local.set $missingLeft (i32.const 0))))
            (local.set $before (global.get $bestGain))
            (call $scan (local.get $first) (i32.sub (local.get $missingAt) (i32.const 8)) (local.get $missing))
            (if (f64.gt (global.get $bestGain) (local.get $before))
              (then
                (local.set $bestColumn (local.get $index))
                (local.set $bestBin (i32.shr_u (i32.sub (global.get $bestSlot) (local.get $first)) (i32.const 3)))
                (local.set $missingLeft (i32.const 1))))))
        (local.set $table (i32.add (local.get $table) (i32.const 8)))
        (local.set $index (i32.add (local.get $index) (i32.const 1)))
        (br $next)))
    (f64.store (local.get $result) (global.get $bestGain))
    (f64.store offset=8 (local.get $result) (global.get $bestSum))
    (f64.store offset=16 (local.get $result) (global.get $bestCount))
    (f64.store offset=24 (local.get $result) (f64.convert_i32_s (local.get $bestColumn)))
    (f64.store offset=32 (local.get $result) (f64.convert_i32_s (local.get $bestBin)))
    (f64.store offset=40 (local.get $result) (f64.convert_i32_s (local.get $missingLeft)))))
